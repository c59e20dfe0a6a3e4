/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

/**
 * How much transactions that run at the same time may see of each other: the four levels of etcd's Go package, which this and Go
 * programs may use on the same keys. At each of them a transaction is written whole or not at all, reads what was
 * committed only, and reads its own writes.
 *
 * <p>The two serializable levels show user code one revision of the store, so that what it sees was so at one time, even in an
 * attempt that will be run again. The two others read each key as it is when it is first read: user code may see what
 * never was together, and must stand that.
 */
public enum Isolation {
    /**
     * Reads are of one revision, and nothing that was read or is written may have changed since. No anomaly. A key written
     * without being read, which somebody wrote after the first read, is a conflict too; that it was deleted is not noticed, as
     * in Go, for etcd does not tell such a key from one that never was: read what must not be overwritten.
     */
    SERIALIZABLE_SNAPSHOT(true, true),

    /**
     * Reads are of one revision, and nothing that was read may have changed since. No anomaly: transactions are as if run one
     * after the other. A key written without being read is overwritten, whoever wrote it since.
     */
    SERIALIZABLE(true, true),

    /**
     * Each key is read as it is at the time, and what was read may not have changed since. Possible are phantoms: keys that
     * others add to a prefix which was read, and what follows from them (two transactions that each look for what the other
     * adds, and both find nothing). Until its commit user code may see what never was together.
     */
    REPEATABLE_READS(false, true),

    /**
     * Each key is read as it is at the time, and nothing is checked, so no transaction is ever run again. Possible are lost
     * updates, write skew, reads that do not fit together, and phantoms. A key that is read again is as it was.
     */
    READ_COMMITTED(false, false);

    private final boolean snapshot;
    private final boolean validated;

    Isolation(boolean snapshot, boolean validated) {
        this.snapshot = snapshot;
        this.validated = validated;
    }

    /** Whether all reads are of one revision, and prefixes are kept free of phantoms. */
    boolean readsSnapshot() {
        return snapshot;
    }

    /** Whether what was read must be the same at the commit. */
    boolean checksReads() {
        return validated;
    }

    /** Whether what is written unread must be no newer than what was read. */
    boolean checksWrites() {
        return this == SERIALIZABLE_SNAPSHOT;
    }
}
