/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Connection;
import dev.consort.core.FencingToken;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Sets a key if it is absent, in one transaction: of any number who try, in any number of processes, one does it. For what
 * is to be done once (an id that was seen, a job that was taken), and for whoever comes first. Not a lock: nobody queues, and
 * nothing renews a time to live but {@link #refresh}.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed.
 *
 * <p>Whoever tries through one connection, or one session, is one owner unless {@link #as} says otherwise: threads that compete
 * with each other take an owner each, or go by {@link Answer.Status#CREATED} alone.
 *
 * <p><b>Guarantees.</b> At most one is told {@link Answer.Status#CREATED} for each time the key is absent, also when answers
 * are lost: a request is applied once at most, and its outcome is found out. Tokens of one name strictly increase. Nothing is
 * deleted but what its owner set with the token that is given.
 *
 * <p><b>Not guaranteed.</b> That the key still stands when the answer has come: one with a time to live goes when that is
 * over, whatever its owner does, so guard what must not be done late by the {@linkplain Answer#token() token}.
 *
 * <p><b>When the session is lost</b> the keys that are bound to it go with its lease, and {@link #trySet} fails with {@link
 * dev.consort.core.SessionLostException}; the other two kinds need no session.
 */
public interface SetNx {
    /**
     * One whose key goes with a session.
     *
     * @param session whose lease it is bound to
     * @param name the key: segments with single slashes between them, such as {@code imports/2026-11}; must not nest with
     *     that of a lock or another recipe
     * @return the recipe, for an owner of its own that no other session has
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static SetNx boundTo(Session session, String name) {
        return EtcdSetNx.boundTo(session, name);
    }

    /**
     * One whose key goes when a time to live is over that is its own.
     *
     * @param connection an open connection
     * @param name as in {@link #boundTo}
     * @param ttl 2 s to 365 days, whole seconds; etcd frees the key up to a few seconds later, never earlier
     * @return the recipe, for an owner of its own that no other connection has
     * @throws IllegalArgumentException if the name is not one, or {@code ttl} is out of range
     */
    static SetNx expiring(Connection connection, String name, Duration ttl) {
        return EtcdSetNx.expiring(connection, name, ttl);
    }

    /**
     * One whose key stays until it is released.
     *
     * @param connection an open connection
     * @param name as in {@link #boundTo}
     * @return the recipe, for an owner of its own that no other connection has
     * @throws IllegalArgumentException if the name is not one
     */
    static SetNx permanent(Connection connection, String name) {
        return EtcdSetNx.permanent(connection, name);
    }

    /**
     * The same for an owner of the user's choice, such as a host or a request's id, who is recognised when it tries again,
     * also from another process.
     *
     * @param owner 1 to 1,024 characters
     * @return another recipe of the same name
     * @throws IllegalArgumentException if the owner is empty or longer
     */
    SetNx as(String owner);

    /**
     * The key.
     *
     * @return as it was given
     */
    String name();

    /**
     * Who sets it.
     *
     * @return as it was given, or one that was made up
     */
    String owner();

    /**
     * Sets the key if it is absent. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @param value at most about 1.5 MiB, what etcd takes in a request
     * @return whether it was set, or who has it
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout: ask {@link
     *     #current()} or try again, which tells by the owner
     * @throws dev.consort.core.EtcdUnavailableException if etcd could not be reached, and nothing was sent
     * @throws dev.consort.core.SessionLostException if it is bound to a session that is lost or closed
     * @throws dev.consort.core.RecipeException if etcd refuses it, such as a value that is too large
     * @throws IllegalArgumentException if the name nests with one that another recipe of this connection uses now
     */
    Answer trySet(String value);

    /**
     * {@link #trySet} without blocking. If the future is completed by somebody else, such as by {@code cancel}, a key that was
     * set is released.
     *
     * @param value as there
     * @return completes on the session's executor, or the connection's
     */
    CompletableFuture<Answer> trySetAsync(String value);

    /**
     * Who has the key now, as etcd knows.
     *
     * @return empty if it is absent
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    Optional<Answer> current();

    /**
     * Deletes the key if it is the one that this owner set with this token and nobody has written over it. Bounded by the
     * request timeout; keeps the interrupt flag.
     *
     * @param token from an {@link Answer}
     * @return whether it was deleted; false if it was gone, is another one by now, or another owner's
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout
     */
    boolean release(FencingToken token);

    /**
     * {@link #release} without blocking.
     *
     * @param token as there
     * @return completes on the session's executor, or the connection's
     */
    CompletableFuture<Boolean> releaseAsync(FencingToken token);

    /**
     * Begins the time to live anew if it has one of its own, and asks whether the key still is the one that this owner set with
     * this token. To be called from time to time by an owner who wants to keep it.
     *
     * @param token from an {@link Answer}
     * @return whether the key was there, and its time to live has begun anew since; false if it was gone, is another one by now,
     *     another owner's, or was written over
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     */
    boolean refresh(FencingToken token);

    /**
     * {@link #refresh} without blocking.
     *
     * @param token as there
     * @return completes on the session's executor, or the connection's
     */
    CompletableFuture<Boolean> refreshAsync(FencingToken token);

    /**
     * Waits until the key is absent, by a watch that all who wait for it on this connection share.
     *
     * @param timeout zero or less: looks once, without waiting
     * @return whether it was absent at some time since the call; another one may have set it by now
     * @throws InterruptedException if interrupted before or while waiting
     * @throws dev.consort.core.EtcdUnavailableException if the timeout is zero or less and etcd does not answer within the
     *     request timeout
     * @throws dev.consort.core.RecipeException if etcd refuses it, or the connection is closed
     */
    boolean awaitAbsent(Duration timeout) throws InterruptedException;

    /**
     * Waits without blocking. To complete the returned future otherwise ends the wait.
     *
     * @return completes on the connection's executor when the key is absent
     */
    CompletableFuture<Void> awaitAbsentAsync();

    /**
     * Who has a key.
     *
     * @param status how that came
     * @param value what it holds
     * @param token by which its owner can release it; greater than that of every earlier one of this name
     * @param owner who set it; empty if that was done or written over by a client without owners
     * @param remaining how long it stays if its lease is not renewed, at least; empty if it stays
     */
    record Answer(
            Status status, String value, FencingToken token, Optional<String> owner, Optional<Duration> remaining) {
        /** How a key came to be there. */
        public enum Status {
            /** It was absent, and has been set by this call. */
            CREATED,
            /** The same owner had set it before. */
            ALREADY_MINE,
            /** Another one has it. */
            HELD_BY_ANOTHER
        }

        /**
         * Whether the one who asks has it.
         *
         * @return true if it was created, or was the caller's already
         */
        public boolean isMine() {
            return status != Status.HELD_BY_ANOTHER;
        }

        /** Without the value, which is not for logs. */
        @Override
        public String toString() {
            return status + " " + token + owner.map(text -> " by " + text).orElse("")
                    + remaining.map(left -> " for " + left).orElse("");
        }
    }
}
