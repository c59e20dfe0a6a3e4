/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.core.Session;

/**
 * An operation whose cost the table of operations has.
 *
 * @param name its row
 * @param opening makes what it needs, on a name of its own
 */
record Operation(String name, Opening opening) {
    /** Makes the operation ready to be done over and over. */
    @FunctionalInterface
    interface Opening {
        Step open(Session session, String name) throws Exception;
    }

    /** Does it once. */
    @FunctionalInterface
    interface Step {
        void run() throws Exception;
    }
}
