/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.function.LongSupplier;

/** What is in use of the heap. */
final class Heap {
    private static final int TRIES = 3;
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final int SETTLED = 2;
    private static final long NEXT_TO_NOTHING = 10_000;

    private Heap() {}

    /** The least of what some tries weigh, if the first is not light: buffers that Netty takes are on the same heap. */
    static long leastOf(long light, LongSupplier weighing) {
        long least = weighing.getAsLong();
        for (int i = 1; i < TRIES && least >= light; i++) {
            least = Math.min(least, weighing.getAsLong());
        }
        return least;
    }

    /** The bytes, once they have stopped falling: threads that a busy machine holds up let go of things a while later. */
    static long used() {
        long least = afterCollection();
        int same = 0;
        while (same < SETTLED) {
            await().pollDelay(PAUSE).until(() -> true);
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
