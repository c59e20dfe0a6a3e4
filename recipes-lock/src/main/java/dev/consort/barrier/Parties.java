/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** How many may be waited for. */
final class Parties {
    /** Each is compared in the transaction that completes a round, and etcd takes 128 comparisons. */
    static final int MAX = 120;

    private Parties() {}

    /**
     * Returns the number if a barrier can have so many.
     *
     * @throws IllegalArgumentException with the number and the range
     */
    static int checked(String recipe, String name, int number) {
        if (number < 1 || number > MAX) {
            throw new IllegalArgumentException(
                    recipe + " '" + name + "' cannot have " + number + " parties: give 1 to " + MAX);
        }
        return number;
    }
}
