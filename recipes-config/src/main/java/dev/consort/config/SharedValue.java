/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A value that all processes read and write, with its version: one key of etcd. To change several together, use {@link
 * dev.consort.stm.Stm}.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed.
 *
 * <p><b>Guarantees.</b> Reads and writes are linearizable. A write is applied once at most, however often it has to be sent, and
 * its outcome is found out; if that cannot be, it fails with {@link dev.consort.core.OutcomeUnknownException}. A listener is
 * told the newest value in the end, and never an older one after a newer.
 *
 * <p><b>Not guaranteed.</b> That a listener is told each value: one that is slow, or was cut off, skips some.
 *
 * @param <T> the type of the value
 */
public interface SharedValue<T> {
    /**
     * The value of a name. It is absent until somebody writes it.
     *
     * @param connection an open connection
     * @param name the key: segments with single slashes between them, such as {@code orders/limit}; must not be below that
     *     of a lock or another recipe
     * @param codec writes and reads the value, alike in all processes
     * @param <T> the type of the value
     * @return the value
     * @throws IllegalArgumentException if the name is empty, has a leading or trailing slash, an empty segment, or more
     *     than 4,096 bytes
     */
    static <T> SharedValue<T> create(Connection connection, String name, Codec<T> codec) {
        return new EtcdSharedValue<>(connection, name, codec);
    }

    /**
     * The key.
     *
     * @return as it was given
     */
    String name();

    /**
     * Reads it. Bounded by the request timeout, as all that follows; keeps the interrupt flag.
     *
     * @return empty if it is absent
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws RecipeException if etcd refuses it, or the codec cannot read what is there
     */
    Optional<Versioned<T>> get();

    /**
     * {@link #get} without blocking.
     *
     * @return completes on the connection's executor
     */
    CompletableFuture<Optional<Versioned<T>>> getAsync();

    /**
     * Reads what it was at an earlier time.
     *
     * @param revision of the store, such as that of a value that was read; 1 or more
     * @return empty if it was absent then
     * @throws RevisionCompactedException if etcd does not keep that revision any more
     * @throws RecipeException if that revision is still to come, or as {@link #get}
     * @throws IllegalArgumentException if {@code revision} is not positive
     */
    Optional<Versioned<T>> getAt(long revision);

    /**
     * Writes it, whatever it is.
     *
     * @param value at most about 1.5 MiB when encoded
     * @return the value with its revision
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer within the request timeout, so that it may have
     *     been written
     * @throws RecipeException if etcd refuses it, such as a value that is too large, or the codec throws
     * @throws IllegalArgumentException if the name is below one that another recipe of this connection uses now
     */
    Versioned<T> set(T value);

    /**
     * {@link #set} without blocking.
     *
     * @param value as there
     * @return completes on the connection's executor
     */
    CompletableFuture<Versioned<T>> setAsync(T value);

    /**
     * Writes it if nobody has written it since it was read.
     *
     * @param expectedRevision that of what was read; 0 if it was absent
     * @param value as for {@link #set}
     * @return the value with its revision; empty if it was another one, and nothing has been written
     * @throws dev.consort.core.OutcomeUnknownException as {@link #set}
     * @throws RecipeException as {@link #set}
     * @throws IllegalArgumentException if {@code expectedRevision} is negative, or as {@link #set}
     */
    Optional<Versioned<T>> compareAndSet(long expectedRevision, T value);

    /**
     * {@link #compareAndSet} without blocking.
     *
     * @param expectedRevision as there
     * @param value as there
     * @return completes on the connection's executor
     */
    CompletableFuture<Optional<Versioned<T>>> compareAndSetAsync(long expectedRevision, T value);

    /**
     * Writes what a function makes of it, and does so again when somebody else has written meanwhile: at most 32 times, with
     * pauses that grow.
     *
     * @param change is given the present value, empty if it is absent; called on this thread, perhaps several times, so it
     *     should do nothing else. Nothing is written if it throws
     * @return what was written, with its revision
     * @throws UpdateConflictException if others came between each time
     * @throws NullPointerException if the function returns null
     * @throws RecipeException as {@link #get} and {@link #set}
     */
    Versioned<T> update(Function<? super Optional<T>, ? extends T> change);

    /**
     * Deletes it if nobody has written it since it was read.
     *
     * @param expectedRevision that of what was read; 1 or more
     * @return whether it was deleted; false if it was another one, or absent
     * @throws dev.consort.core.OutcomeUnknownException as {@link #set}
     * @throws IllegalArgumentException if {@code expectedRevision} is not positive
     */
    boolean compareAndDelete(long expectedRevision);

    /**
     * Tells a listener the present value, and each that follows, by a watch that all of this connection share.
     *
     * @param listener told one thing at a time, on the connection's executor; what it throws is logged, and it is told the next
     *     one all the same
     * @return ends it
     */
    Subscription listen(Listener<T> listener);

    /**
     * Who is told.
     *
     * @param <T> the type of the value
     */
    interface Listener<T> {
        /**
         * The value is this, or has become so.
         *
         * @param value empty if it is absent
         */
        void onValue(Optional<Versioned<T>> value);

        /**
         * The codec cannot read what is there, or etcd refuses to tell it. What was told before is the last good one; the next
         * one that is good is told.
         *
         * @param why names the key
         */
        default void onFailure(RecipeException why) {}

        /** Nothing is heard of etcd: what was told may be out of date. */
        default void onStale() {}

        /** Etcd is heard again; what was missed follows. */
        default void onCurrent() {}
    }

    /** A listener's place. */
    interface Subscription extends AutoCloseable {
        /**
         * Completes when the listener has been told the first value, or that it cannot be read.
         *
         * @return completes on the connection's executor, exceptionally with a {@link RecipeException} if etcd refuses, or if
         *     it is closed before
         */
        CompletableFuture<Void> ready();

        /** After this has returned no further call of the listener begins. Idempotent; does not wait. */
        @Override
        void close();
    }
}
