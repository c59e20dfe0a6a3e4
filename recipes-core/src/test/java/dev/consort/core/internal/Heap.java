/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;

/** What is in use of the heap. */
final class Heap {
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final int SETTLED = 2;
    private static final long NEXT_TO_NOTHING = 50_000;

    private Heap() {}

    /** The bytes, once they have stopped falling: threads that a busy machine holds up let go of things a while later. */
    static long used() {
        long least = afterCollection();
        int same = 0;
        while (same < SETTLED) {
            Waits.pass(PAUSE);
            long now = afterCollection();
            same = now < least - NEXT_TO_NOTHING ? 0 : same + 1;
            least = Math.min(least, now);
        }
        return least;
    }

    private static long afterCollection() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
