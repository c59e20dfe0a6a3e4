/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSessionBuilder;
import dev.consort.core.internal.QueueReader;
import io.etcd.jetcd.ByteSequence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The claim queues below a prefix as etcd had them at one revision, for operators and their tools: who owns each lock or
 * leadership, who waits for it, for how long, and what else lies there and is in the way. Immutable and thread-safe.
 *
 * <p><b>Guarantees.</b> All keys are as of {@link #revision()}, however many there are. Nothing below the prefix is left
 * out but the sessions' own keys. Claims of other clients (Go programs, {@code etcdctl lock}, {@code etcdctl elect})
 * are told like ours.
 *
 * <p><b>Not guaranteed.</b> That it still is so: it says what was, and decides nothing. {@link Claim#remaining()} is asked for
 * after the keys were read, and {@link Claim#age()} rests on the clocks of two hosts.
 *
 * @param revision the revision of etcd that this shows
 * @param queues those with a claim, in the order of their names' bytes
 * @param foreign the keys below the prefix that are no claim of any queue, in the order of their create revisions
 */
public record QueueReport(long revision, List<NamedQueue> queues, List<ForeignKey> foreign) {
    /**
     * Copies the lists.
     *
     * @param revision the revision of etcd that this shows
     * @param queues those with a claim
     * @param foreign the keys that are no claim of any queue
     */
    public QueueReport {
        queues = List.copyOf(queues);
        foreign = List.copyOf(foreign);
    }

    /**
     * Reads all queues below a prefix. Needs no session, and permission to read the prefix and the session prefix.
     *
     * <p>It reads every key and value there, in pages of up to 1,000, and asks for each lease once: 10 locks held by 3
     * sessions take 5 requests. So give a prefix that holds locks and elections, not data.
     *
     * @param connection an open connection; its namespace applies
     * @param prefix whole segments of names, such as {@code orders} for the queues {@code orders}, {@code
     *     orders/reindex} and so on; a slash at its end changes nothing; empty for all there are
     * @return what is there
     * @throws EtcdUnavailableException if one of the requests is not answered within the request timeout
     * @throws PermissionDeniedException if the user may not read the prefix or the session prefix
     * @throws AuthenticationException if the credentials are refused
     * @throws RecipeException if etcd refuses the read, or compacted it away three times over
     * @throws InterruptedException if interrupted between or during the requests
     * @throws IllegalArgumentException if the prefix is longer than 4,096 bytes or no valid Unicode
     * @throws IllegalStateException if the connection is closed
     */
    public static QueueReport of(Connection connection, String prefix) throws InterruptedException {
        return of(connection, prefix, EtcdSessionBuilder.DEFAULT_PREFIX);
    }

    /**
     * The same where sessions are opened with a prefix of their own.
     *
     * @param connection an open connection; its namespace applies
     * @param prefix whole segments of names; empty for all there are
     * @param sessionPrefix as given to {@link Session.Builder#sessionPrefix}
     * @return what is there
     * @throws RecipeException as {@link #of(Connection, String)}
     * @throws InterruptedException if interrupted between or during the requests
     * @throws IllegalArgumentException if a prefix is malformed
     * @throws IllegalStateException if the connection is closed
     */
    public static QueueReport of(Connection connection, String prefix, String sessionPrefix)
            throws InterruptedException {
        return new QueueReader(EtcdConnection.of(connection), prefix, sessionPrefix).read();
    }

    /** How much there is; not what. */
    @Override
    public String toString() {
        return "QueueReport[revision=" + revision + ", queues=" + queues.size() + ", foreign=" + foreign.size() + "]";
    }

    /**
     * One name's claims.
     *
     * @param name the name of the lock or election
     * @param claims in the order in which they are granted; at least one
     * @param foreign other keys below the name, claims of names that nest with it included, in the order of their create
     *     revisions: whoever claimed after one of them waits until it is gone
     * @param granted how many of the claims are granted, the first ones: one at most but for readers of a read-write lock
     */
    public record NamedQueue(String name, List<Claim> claims, List<ForeignKey> foreign, int granted) {
        /**
         * Copies the lists.
         *
         * @param name the name of the lock or election
         * @param claims in the order in which they are granted
         * @param foreign other keys below the name
         * @param granted how many of the claims are granted
         */
        public NamedQueue {
            claims = List.copyOf(claims);
            foreign = List.copyOf(foreign);
        }

        /**
         * Who holds the lock or leads.
         *
         * @return the first claim; empty if a foreign key is older
         */
        public Optional<Claim> owner() {
            return owners().stream().findFirst();
        }

        /**
         * All who hold the lock, of which readers may be several.
         *
         * @return the claims that are granted, in order
         */
        public List<Claim> owners() {
            return claims.subList(0, granted);
        }

        /**
         * Who waits.
         *
         * @return the claims without the owners, in order
         */
        public List<Claim> waiters() {
            return claims.subList(granted, claims.size());
        }

        /** Its name, and how much there is. */
        @Override
        public String toString() {
            return "NamedQueue[name=" + name + ", claims=" + claims.size() + ", foreign=" + foreign.size() + "]";
        }
    }

    /**
     * One place in a queue: that of a session, which its threads share.
     *
     * @param key in etcd, without the namespace
     * @param revision its create revision, which orders the queue
     * @param leaseId the lease it is bound to
     * @param hasSession whether the lease is that of a Consort session; false for Go programs and {@code etcdctl}
     * @param value what its recipe put there: an election's proposal, a lock's owner as text; empty from Go programs
     *     and {@code etcdctl lock}
     * @param host the host of the process that claimed, where the value says so: of our locks, and of our leader loops
     *     unless they were given another one
     * @param process that process's id, likewise
     * @param age for how long it has been there, of our locks: since the time that its host's wall clock showed, by the wall
     *     clock here, and never negative; etcd itself keeps no time, so that it is empty for elections and other clients
     * @param remaining until the lease ends if it is not renewed, in whole seconds as etcd tells it; empty if the lease
     *     was gone by the time it was asked for, and the claim with it
     */
    public record Claim(
            String key,
            long revision,
            long leaseId,
            boolean hasSession,
            ByteSequence value,
            Optional<String> host,
            Optional<Long> process,
            Optional<Duration> age,
            Optional<Duration> remaining) {
        /** Without the value, which may be a secret of its application's. */
        @Override
        public String toString() {
            return "Claim[key=" + key + ", revision=" + revision + ", hasSession=" + hasSession + ", remaining="
                    + remaining + "]";
        }
    }

    /**
     * A key that is in a queue's way without being one of its claims: its last segment is not the id of its own lease in
     * hexadecimal digits, alone or after {@code read:} or {@code write:}, or it has no lease, as after an overwrite by hand.
     *
     * @param key in etcd, without the namespace
     * @param revision its create revision
     * @param leaseId the lease it is bound to; 0 if none, and it stays until somebody deletes it
     */
    public record ForeignKey(String key, long revision, long leaseId) {}
}
