/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/**
 * How a work's first contender must compare with another one.
 *
 * @param against the other one's name
 * @param atLeast the lowest ratio of rates, ours by theirs, that holds
 * @param aim the ratio to be reached; the same as {@code atLeast} where no more was asked for
 */
public record Bar(String against, double atLeast, double aim) {
    public Bar(String against, double atLeast) {
        this(against, atLeast, atLeast);
    }
}
