/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.Collection;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Queues that do one thing wrong each. */
@SuppressWarnings("serial") // nobody writes them anywhere
abstract class BrokenQueue extends LinkedBlockingQueue<String> {
    BrokenQueue(int capacity) {
        super(capacity);
    }

    /** Hands out the second one first. */
    static class Swapping extends BrokenQueue {
        Swapping(int capacity) {
            super(capacity);
        }

        private String second(String first) {
            String second = super.poll();
            if (second == null) {
                return first;
            }
            super.add(first);
            return second;
        }

        @Override
        public String take() throws InterruptedException {
            return second(super.take());
        }

        @Override
        public @Nullable String poll() {
            String first = super.poll();
            return first == null ? null : second(first);
        }
    }

    /** Hands out the first item that is waited for twice. */
    static class Repeating extends BrokenQueue {
        private final AtomicBoolean repeated = new AtomicBoolean();

        Repeating(int capacity) {
            super(capacity);
        }

        @Override
        public String take() throws InterruptedException {
            String item = super.take();
            if (!repeated.getAndSet(true)) {
                super.add(item);
            }
            return item;
        }
    }

    /** Has one more item than it was given, in the end. */
    static class Doubling extends BrokenQueue {
        Doubling(int capacity) {
            super(capacity);
        }

        @Override
        public int drainTo(Collection<? super String> into) {
            into.add("another");
            return 1 + super.drainTo(into);
        }
    }

    /** Knows no limit. */
    static class Unlimited extends BrokenQueue {
        Unlimited(int capacity) {
            super(Integer.MAX_VALUE);
        }
    }

    /** Throws where others tell. */
    static class Throwing extends BrokenQueue {
        Throwing(int capacity) {
            super(capacity);
        }

        @Override
        public String poll() {
            return super.remove();
        }
    }

    /** Takes no notice of null. */
    static class Tolerant extends BrokenQueue {
        Tolerant(int capacity) {
            super(capacity);
        }

        @Override
        public boolean offer(String item) {
            return item == null || super.offer(item);
        }
    }

    /** Does not wait. */
    static class Hasty extends BrokenQueue {
        Hasty(int capacity) {
            super(capacity);
        }

        @Override
        public String take() {
            String item = super.poll();
            return item == null ? "nothing" : item;
        }

        @Override
        public String poll(long timeout, TimeUnit unit) {
            return super.poll();
        }

        @Override
        public void put(String item) {
            boolean unused = super.offer(item);
        }

        @Override
        public boolean offer(String item, long timeout, TimeUnit unit) {
            return super.offer(item);
        }
    }

    /** Waits for longer than it was told. */
    static class Late extends BrokenQueue {
        private static final long MUCH = TimeUnit.MILLISECONDS.toNanos(600);

        Late(int capacity) {
            super(capacity);
        }

        @Override
        public String poll(long timeout, TimeUnit unit) throws InterruptedException {
            return super.poll(unit.toNanos(timeout) + MUCH, TimeUnit.NANOSECONDS);
        }

        @Override
        public boolean offer(String item, long timeout, TimeUnit unit) throws InterruptedException {
            return super.offer(item, unit.toNanos(timeout) + MUCH, TimeUnit.NANOSECONDS);
        }
    }

    /** Keeps interrupts to itself. */
    static class Deaf extends BrokenQueue {
        Deaf(int capacity) {
            super(capacity);
        }

        @Override
        public String take() {
            try {
                return super.take();
            } catch (InterruptedException e) {
                return "interrupted";
            }
        }

        @Override
        public void put(String item) {
            try {
                super.put(item);
            } catch (InterruptedException e) {
                boolean unused = super.offer(item);
            }
        }
    }
}
