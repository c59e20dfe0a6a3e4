/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The times of one try, each beside what it may be. They are judged by the best of up to three tries, since a machine that
 * others use stands still now and then; whatever else a try asserts holds in each.
 */
public final class Times {
    /** How much longer than asked for anything may take. */
    public static final Duration LATE = Duration.ofMillis(250);

    private static final int TRIES = 3;

    private final List<String> taken = new ArrayList<>();
    private boolean kept = true;

    private Times() {}

    /** What a test does with things of its own: what one try leaves, the next one meets. */
    @FunctionalInterface
    public interface Try {
        void run(Times times) throws Exception;
    }

    /** What takes time. */
    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    public static void bestOfThree(Try each) throws Exception {
        List<Times> tries = new ArrayList<>();
        Times last;
        do {
            last = new Times();
            each.run(last);
            tries.add(last);
        } while (!last.kept && tries.size() < TRIES);
        if (tries.size() > 1) {
            System.out.println("not in time at first: " + tries);
        }
        assertThat(last.kept).as("within its time: %s", tries).isTrue();
    }

    /** A wait that has a timeout, and ends by it: never before. */
    public static void assertEndsInTime(Duration timeout, Action wait) throws Exception {
        bestOfThree(times -> times.timeout(timeout, wait));
    }

    public void timeout(Duration timeout, Action wait) throws Exception {
        Duration took = timeOf(wait);
        assertThat(took).isGreaterThanOrEqualTo(timeout);
        note(took, timeout.plus(LATE));
    }

    public void atMost(Duration bound, Action action) throws Exception {
        note(timeOf(action), bound);
    }

    private static Duration timeOf(Action action) throws Exception {
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
