/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What one try of a test took, each time beside what it may be. Times are judged by the best of up to three tries, since a machine
 * that others use stands still now and then; whatever else a try asserts holds in each. So a bound can be as tight as what is
 * promised, in a test that holds on a busy machine too.
 *
 * <pre>{@code
 * Times.bestOfThree(times -> {
 *     Mutex mutex = ...; // of a name of its own, for what one try leaves the next one meets
 *     times.timeout(ofMillis(60), () -> assertThat(mutex.tryAcquire(ofMillis(60))).isEmpty());
 * });
 * }</pre>
 *
 * <p>One of them belongs to one thread.
 */
public final class Times {
    /** How much longer than asked for a wait may take that has a timeout. */
    public static final Duration LATE = Duration.ofMillis(250);

    private static final int TRIES = 3;

    private final List<String> taken = new ArrayList<>();
    private boolean kept = true;

    private Times() {}

    /**
     * What is tried.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Try<X extends Exception> {
        /** Runs it, with things of its own. */
        void run(Times times) throws X;
    }

    /**
     * What takes time.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Action<X extends Exception> {
        /** Runs it. */
        void run() throws X;
    }

    /**
     * What takes its time itself.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Timed<X extends Exception> {
        /** Runs it. */
        Duration run() throws X;
    }

    /**
     * Tries until all times of one try are kept.
     *
     * @throws AssertionError with all times if none of three tries does
     */
    public static <X extends Exception> void bestOfThree(Try<X> each) throws X {
        List<Times> tries = new ArrayList<>();
        Times last;
        do {
            last = new Times();
            each.run(last);
            tries.add(last);
        } while (!last.kept && tries.size() < TRIES);
        if (!last.kept) {
            throw new AssertionError("not in time in any of these tries: " + tries);
        }
        if (tries.size() > 1) {
            System.out.println("not in time at first: " + tries);
        }
    }

    /** The same for a try that takes its time itself. */
    public static <X extends Exception> void assertPrompt(Duration bound, Timed<X> each) throws X {
        Try<X> one = times -> times.note(each.run(), bound);
        bestOfThree(one);
    }

    /** The same for a wait that has a timeout, and is to end by it: never before, and at most {@link #LATE} after. */
    public static <X extends Exception> void assertEndsInTime(Duration timeout, Action<X> wait) throws X {
        Try<X> one = times -> times.timeout(timeout, wait);
        bestOfThree(one);
    }

    /**
     * Runs a wait that has a timeout, and is to end by it: at most {@link #LATE} after.
     *
     * @throws AssertionError if it ends before, which no busy machine explains
     */
    public <X extends Exception> void timeout(Duration timeout, Action<X> wait) throws X {
        Duration took = timeOf(wait);
        if (took.compareTo(timeout) < 0) {
            throw new AssertionError("a wait of " + timeout + " ended after " + took);
        }
        note(took, timeout.plus(LATE));
    }

    /** Runs what may take so long. */
    public <X extends Exception> void atMost(Duration bound, Action<X> action) throws X {
        note(timeOf(action), bound);
    }

    private static <X extends Exception> Duration timeOf(Action<X> action) throws X {
        long start = System.nanoTime();
        action.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void note(Duration took, Duration bound) {
        taken.add(took + " of " + bound);
        kept &= took.compareTo(bound) <= 0;
    }

    @Override
    public String toString() {
        return taken.toString();
    }
}
