/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Writes the configuration that a {@link ConfigView} of the same root follows: several keys in one transaction, on the
 * condition that what was read still holds, with an entry that says who did it and why; and takes it back.
 *
 * <p>This interface is not for users to implement. Its instances are thread-safe, cost nothing to make, and need not be closed.
 *
 * <p><b>Guarantees.</b> A change is one revision of etcd's store: all of it or nothing, with its audit entry if it has one. It
 * is applied once at most, however often it has to be sent, and its outcome is found out; if that cannot be, it fails with {@link
 * dev.consort.core.OutcomeUnknownException}. No condition that was given is passed over.
 *
 * <p><b>Not guaranteed.</b> That {@link Change#basedOn} notices a deletion by a client that is no {@code ConfigWriter}. That the
 * times of audit entries are in order: they are those of the writers' clocks; revisions are the order.
 */
public interface ConfigWriter {
    /**
     * A writer of the keys below a root, with the system's clock for audit entries.
     *
     * @param connection stays the caller's to close
     * @param root segments with single slashes between them, such as {@code config/orders}
     * @return the writer
     * @throws IllegalArgumentException if the root is empty, has a leading or trailing slash, an empty segment or more
     *     than 4,096 bytes, or is {@code consort} or below it
     */
    static ConfigWriter create(Connection connection, String root) {
        return new EtcdConfigWriter(connection, root);
    }

    /**
     * A writer of the keys below a root.
     *
     * @param connection as in {@link #create(Connection, String)}
     * @param root as in {@link #create(Connection, String)}
     * @param clock says when, in audit entries, for people only; read on the thread that writes, if an entry is asked for
     * @return the writer
     * @throws IllegalArgumentException as {@link #create(Connection, String)}
     */
    static ConfigWriter create(Connection connection, String root, InstantSource clock) {
        return new EtcdConfigWriter(connection, root, clock);
    }

    /**
     * What it writes below.
     *
     * @return as it was given
     */
    String root();

    /**
     * Begins a change.
     *
     * @return describes it; nothing is written before {@link Change#commit}
     */
    Change change();

    /**
     * Brings the keys below the root to what they were at an earlier revision, in one transaction: those that were written since
     * get their values of then, those created since are deleted, and those deleted since are put back, without a lease. It is
     * refused if anybody has written below the root since it was looked at, which is told as an outcome. Always has an audit
     * entry. If everything is as it was then, nothing is written.
     *
     * @param revision of etcd's store, such as that of an {@link AuditEntry} or of {@link ConfigSnapshot#revision()}; 1 or more
     * @param who as in {@link Change#because}
     * @param why as in {@link Change#because}
     * @return the revision at which it was committed, or was found to be so already; or what was written meanwhile
     * @throws RevisionCompactedException if etcd does not keep that revision any more
     * @throws ChangeTooLargeException if more was written or deleted since than etcd takes at once: 125 keys, or 1.5 MiB
     * @throws dev.consort.core.OutcomeUnknownException as {@link Change#commit}
     * @throws RecipeException if that revision is still to come, or etcd refuses it
     * @throws IllegalArgumentException if {@code revision} is not positive, {@code who} or {@code why} is blank, or as {@link
     *     Change#commit}
     */
    WriteOutcome rollBack(long revision, String who, String why);

    /**
     * {@link #rollBack} without blocking.
     *
     * @param revision as there
     * @param who as there
     * @param why as there
     * @return completes on the connection's executor
     */
    CompletableFuture<WriteOutcome> rollBackAsync(long revision, String who, String why);

    /**
     * The newest audit entries.
     *
     * @param limit how many at most; 1 to 1,000
     * @return newest first
     * @throws dev.consort.core.EtcdUnavailableException if etcd did not answer within the request timeout
     * @throws RecipeException if etcd refuses it
     * @throws IllegalArgumentException if {@code limit} is out of range
     */
    default List<AuditEntry> audit(int limit) {
        return audit(limit, Long.MAX_VALUE);
    }

    /**
     * The next page of audit entries.
     *
     * @param limit as in {@link #audit(int)}
     * @param before the revision of the last entry of the page before; 1 or more
     * @return those of earlier revisions, newest first; empty if there are no more
     * @throws dev.consort.core.EtcdUnavailableException as {@link #audit(int)}
     * @throws RecipeException as {@link #audit(int)}
     * @throws IllegalArgumentException if {@code limit} is out of range, or {@code before} is not positive
     */
    List<AuditEntry> audit(int limit, long before);

    /**
     * {@link #audit(int, long)} without blocking.
     *
     * @param limit as there
     * @param before as there
     * @return completes on the connection's executor
     */
    CompletableFuture<List<AuditEntry>> auditAsync(int limit, long before);

    /**
     * Describes a change, which is committed once. Not thread-safe. Names are what follows the root and its slash: segments with
     * single slashes between them, such as {@code pool/size}; each is written once at most, and has one expectation at most.
     */
    interface Change {
        /**
         * Writes a key, whatever it is, unless there is an expectation of it.
         *
         * @param name of the key
         * @param value text, as UTF-8
         * @return this
         * @throws IllegalArgumentException if the name is not as it should be, or the change writes it already
         * @throws RecipeException if the text is not valid Unicode
         */
        Change put(String name, String value);

        /**
         * Deletes a key; does nothing to one that is absent.
         *
         * @param name of the key
         * @return this
         * @throws IllegalArgumentException as {@link #put}
         */
        Change delete(String name);

        /**
         * Only if a key, written by this change or not, has this value.
         *
         * @param name of the key
         * @param value text, as UTF-8
         * @return this
         * @throws IllegalArgumentException if the name is not as it should be, or has an expectation already
         * @throws RecipeException if the text is not valid Unicode
         */
        Change expect(String name, String value);

        /**
         * Only if a key is absent.
         *
         * @param name of the key
         * @return this
         * @throws IllegalArgumentException as {@link #expect}
         */
        Change expectAbsent(String name);

        /**
         * Only if a key was last written at this revision.
         *
         * @param name of the key
         * @param revision of the commit that wrote it; 0: it is absent
         * @return this
         * @throws IllegalArgumentException as {@link #expect}, or if {@code revision} is negative
         */
        Change expectRevision(String name, long revision);

        /**
         * Only if nothing below the root, written by this change or not, has changed since a revision: such as that up to which
         * a view has followed, {@link ConfigSnapshot#seen()}. A deletion is noticed if a {@code ConfigWriter} made it.
         *
         * @param revision of etcd's store; 1 or more
         * @return this
         * @throws IllegalArgumentException if {@code revision} is not positive
         */
        Change basedOn(long revision);

        /**
         * Writes an audit entry in the same transaction.
         *
         * @param who does it, as people know them; not blank
         * @param why for people; not blank
         * @return this
         * @throws IllegalArgumentException if one of them is blank or not valid Unicode
         */
        Change because(String who, String why);

        /**
         * Commits it, all or nothing. Bounded by a few request timeouts; keeps the interrupt flag.
         *
         * @return the revision at which it was committed, or which expectations did not hold, so that nothing was written
         * @throws ChangeTooLargeException if it is more than etcd takes at once: 126 names written, 125 with an audit entry; 127
         *     expectations, 125 beside {@link #basedOn}; 1.5 MiB
         * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time, so that it may have been written
         * @throws dev.consort.core.EtcdUnavailableException if etcd could not be reached, and nothing was written
         * @throws RecipeException if {@link #basedOn} names a revision that is still to come, or etcd refuses it
         * @throws IllegalStateException if it writes nothing, or was committed before
         * @throws IllegalArgumentException if a name is below one that another recipe of this connection uses now
         */
        WriteOutcome commit();

        /**
         * {@link #commit} without blocking. What is wrong with the change itself is thrown.
         *
         * @return completes on the connection's executor
         */
        CompletableFuture<WriteOutcome> commitAsync();
    }
}
