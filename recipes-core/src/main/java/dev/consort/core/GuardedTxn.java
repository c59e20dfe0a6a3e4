/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import io.etcd.jetcd.ByteSequence;
import java.util.concurrent.CompletableFuture;

/**
 * Writes to etcd that are applied all together while the grant is held, or not at all. Up to 100 writes, a key at most
 * once. Not thread-safe; for a single commit.
 *
 * <p>Keys are below the connection's namespace.
 */
public interface GuardedTxn {
    /**
     * Adds a put of text in UTF-8.
     *
     * @param key not empty
     * @param value the new value
     * @return this
     * @throws IllegalArgumentException if the key is empty or written twice, or there are more than 100 writes
     */
    GuardedTxn put(String key, String value);

    /**
     * Adds a put.
     *
     * @param key not empty
     * @param value the new value
     * @return this
     * @throws IllegalArgumentException if the key is empty or written twice, or there are more than 100 writes
     */
    GuardedTxn put(ByteSequence key, ByteSequence value);

    /**
     * Adds a put of a key that goes when the session goes.
     *
     * @param key not empty
     * @param value the new value
     * @return this
     * @throws IllegalArgumentException if the key is empty or written twice, or there are more than 100 writes
     */
    GuardedTxn putLeased(ByteSequence key, ByteSequence value);

    /**
     * Adds a deletion.
     *
     * @param key not empty
     * @return this
     * @throws IllegalArgumentException if the key is empty or written twice, or there are more than 100 writes
     */
    GuardedTxn delete(ByteSequence key);

    /**
     * Commits. Bounded by the request timeout; keeps the interrupt flag.
     *
     * @return true if the writes were applied; false if the grant is no longer held, and nothing was applied
     * @throws OutcomeUnknownException if no answer came: the writes may have been applied, or may be until the grant's
     *     claim is gone
     * @throws RecipeException if etcd refused the transaction, and nothing was applied
     */
    boolean commit();

    /**
     * Commits without blocking; like {@link #commit()} otherwise.
     *
     * @return completes on the session's executor
     */
    CompletableFuture<Boolean> commitAsync();
}
