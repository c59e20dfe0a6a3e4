/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

/**
 * A number that grows with every exclusive grant of one name, over all processes: what a resource compares to
 * refuse a late write by an earlier holder.
 *
 * <p>It is the create revision of the claim in etcd, which no two claims share, and a sequence that counts the grants
 * which one process handed on under the same claim. The resource stores the largest token it has seen and
 * refuses smaller ones: {@code UPDATE .. SET .., token = ? WHERE id = ? AND token <= ?}.
 *
 * <p>Tokens of different names do not compare, nor do tokens from before a restore of etcd without a raised
 * revision. Immutable and thread-safe.
 *
 * @param revision the claim's create revision, what other etcd clients see; 1 to 2^43 - 1
 * @param sequence the grants handed on under this claim before this one; 0 to {@value #MAX_SEQUENCE}
 */
public record FencingToken(long revision, int sequence) implements Comparable<FencingToken> {
    /** The largest sequence: 20 bits. A claim is given back and made anew before it would be exceeded. */
    public static final int MAX_SEQUENCE = (1 << 20) - 1;

    private static final long MAX_REVISION = (1L << 43) - 1;

    /**
     * Checks the ranges.
     *
     * @param revision the claim's create revision
     * @param sequence the grants handed on under this claim before this one
     * @throws IllegalArgumentException if {@code revision} or {@code sequence} is out of its range
     */
    public FencingToken {
        if (revision < 1 || revision > MAX_REVISION) {
            throw new IllegalArgumentException("revision " + revision + " is not within 1.." + MAX_REVISION);
        }
        if (sequence < 0 || sequence > MAX_SEQUENCE) {
            throw new IllegalArgumentException("sequence " + sequence + " is not within 0.." + MAX_SEQUENCE);
        }
    }

    /**
     * This token as one positive number that sorts like the token and fits an SQL {@code BIGINT}. JavaScript's numbers
     * do not hold it exactly: send it there as text.
     *
     * @return {@code revision << 20 | sequence}
     */
    public long toLong() {
        return revision << 20 | sequence;
    }

    @Override
    public int compareTo(FencingToken other) {
        return Long.compare(toLong(), other.toLong());
    }

    /** The decimal digits of {@link #toLong()}. */
    @Override
    public String toString() {
        return Long.toString(toLong());
    }
}
