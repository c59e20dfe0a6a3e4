/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

/** Ownership as a condition in etcd, to be had from a {@link Grant} only. Thread-safe. */
public interface Guard {
    /**
     * Starts a transaction that commits only while the grant's claim exists unchanged in etcd.
     *
     * @return an empty transaction
     */
    GuardedTxn txn();
}
