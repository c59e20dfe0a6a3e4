/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;

/**
 * Permits of a {@link DistributedSemaphore}, acquired together and given back together. Thread-safe.
 *
 * <p>Its {@linkplain #token() token} differs from that of all others, but does not order them: several hold at a time.
 */
public interface Permit extends Grant {
    /**
     * How many there are.
     *
     * @return at least 1
     */
    int permits();
}
