/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import java.util.List;

/** Servers that are asked the same. */
interface Comparison extends AutoCloseable {
    /**
     * Asks.
     *
     * @throws SequenceFailure if they do not go through it alike
     */
    void compare(List<Step> sequence);

    @Override
    void close();
}
