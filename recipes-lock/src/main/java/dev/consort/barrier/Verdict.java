/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** What became of an arrival at a cyclic barrier. */
sealed interface Verdict {
    /** The generation was tripped, with this one in it. */
    record Passed(long generation, int index) implements Verdict {}

    /** It was broken, or reset. */
    record Broken(long generation, String why) implements Verdict {}

    /** All have come, and this one, the last, is to run the action; {@link Conclusion} then has the verdict. */
    record Turn(long generation, String id) implements Verdict {}
}
