/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Through which everything goes that one member receives and sends. While it is shut all of it is kept, in order.
 * Threadsafe.
 */
final class ServerGate {
    private final Set<Lane> lanes = ConcurrentHashMap.newKeySet();
    private final AtomicInteger shut = new AtomicInteger();

    /** Shuts it once more; it opens when it has been opened as often. */
    void shut() {
        shut.incrementAndGet();
    }

    void open() {
        if (shut.decrementAndGet() == 0) {
            lanes.forEach(Lane::proceed);
        }
    }

    /** One direction of one call: things are done in their order, one at a time, by whoever finds nobody at it. */
    final class Lane {
        private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
        private final AtomicInteger waiting = new AtomicInteger();
        private volatile boolean held;

        Lane() {
            lanes.add(this);
        }

        void add(Runnable action) {
            queue.add(action);
            proceed();
        }

        /** Keeps what comes until it is released. */
        void hold() {
            held = true;
        }

        void release() {
            held = false;
            proceed();
        }

        /** No more is to come that a gate could keep. */
        void end() {
            lanes.remove(this);
        }

        private void proceed() {
            if (waiting.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            do {
                while (!held && shut.get() == 0) {
                    Runnable next = queue.poll();
                    if (next == null) {
                        break;
                    }
                    next.run();
                }
                seen = waiting.addAndGet(-seen);
            } while (seen != 0);
        }
    }
}
