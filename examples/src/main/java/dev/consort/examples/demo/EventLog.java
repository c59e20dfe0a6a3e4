/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** Everything that happened, in order: shown at once, kept for the timeline, and waited for. Thread-safe. */
final class EventLog {
    private final long start = System.nanoTime();
    private final PrintStream out;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();

    @GuardedBy("lock")
    private final List<Event> events = new ArrayList<>();

    EventLog(PrintStream out) {
        this.out = out;
    }

    /** The time since the start of this log. */
    long millis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    /** Adds an event of now. */
    Event add(String process, Event.Kind kind, int job, long token) {
        return add(new Event(millis(), process, kind, job, token));
    }

    /** Adds what a worker printed. */
    void addLine(String process, String line) {
        Event.parse(millis(), process, line).ifPresentOrElse(this::add, () -> note(process, line));
    }

    /** Shows something that is no event. */
    void note(String process, String text) {
        out.printf("%7.3f s  %-4s %s%n", millis() / 1000.0, process, text);
    }

    private Event add(Event event) {
        lock.lock();
        try {
            events.add(event);
            out.println(event.describe());
            grown.signalAll();
            return event;
        } finally {
            lock.unlock();
        }
    }

    /** All events until now. */
    List<Event> all() {
        lock.lock();
        try {
            return List.copyOf(events);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for an event, which may have come already.
     *
     * @param from the index of the first event to look at
     * @param wanted what to wait for
     * @param timeout how long
     * @return the first that is wanted; empty if none came in time
     * @throws InterruptedException if interrupted
     */
    Optional<Event> await(int from, Predicate<Event> wanted, Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        int next = from;
        lock.lockInterruptibly();
        try {
            while (true) {
                for (; next < events.size(); next++) {
                    if (wanted.test(events.get(next))) {
                        return Optional.of(events.get(next));
                    }
                }
                if (left <= 0) {
                    return Optional.empty();
                }
                left = grown.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many events there are: what comes later has this index or a higher one. */
    int size() {
        lock.lock();
        try {
            return events.size();
        } finally {
            lock.unlock();
        }
    }
}
