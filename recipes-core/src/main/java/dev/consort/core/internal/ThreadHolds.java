/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Grant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * What threads hold through the reentrant views of a session, by name and thread; an entry lives as long as its hold.
 * Thread-safe: an entry is used by its own thread only.
 */
public final class ThreadHolds {
    private final ConcurrentMap<Key, Hold> holds = new ConcurrentHashMap<>();

    private record Key(String name, Thread thread) {
        static Key of(String name) {
            return new Key(name, Thread.currentThread());
        }
    }

    /** A grant and how often its thread has entered. */
    public static final class Hold {
        private Grant grant;
        private int entries = 1;

        private Hold(Grant grant) {
            this.grant = grant;
        }

        /** What the thread holds. */
        public Grant grant() {
            return grant;
        }

        /** It holds something else in its place. */
        public void exchange(Grant other) {
            grant = other;
        }

        /** One more entry. */
        public void enter() {
            if (entries == Integer.MAX_VALUE) {
                throw new Error("Maximum lock count exceeded"); // as ReentrantLock does
            }
            entries++;
        }

        /** One entry less; true if none is left. */
        public boolean leave() {
            return --entries == 0;
        }
    }

    /** The calling thread's hold of a name. */
    public @Nullable Hold get(String name) {
        return holds.get(Key.of(name));
    }

    /** The calling thread has acquired a name. */
    public void put(String name, Grant grant) {
        holds.put(Key.of(name), new Hold(grant));
    }

    /** The calling thread holds it no more. */
    public void remove(String name) {
        holds.remove(Key.of(name));
    }
}
