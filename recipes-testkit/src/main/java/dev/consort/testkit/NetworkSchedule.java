/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * What goes wrong in a network, and when: faults for a {@link FaultProxy}, drawn by a seed, so that what has been seen
 * once can be played again.
 *
 * <pre>{@code
 * NetworkSchedule schedule = NetworkSchedule.random(Duration.ofSeconds(2));
 * schedule.during(proxy, () -> {
 *     // what must hold on such a network; a failure names the seed
 * });
 * }</pre>
 *
 * <p>The same seed and length give the same schedule everywhere; when its faults meet which bytes depends
 * on the machine. A test that wants no clock at all takes the faults one by one with {@link FaultProxy#strike}.
 *
 * @param seed what it has been drawn by; tells nothing of a schedule made by hand
 * @param faults in the order of their times
 */
public record NetworkSchedule(long seed, List<NetworkFault> faults) {
    /** The system property with the seed of {@link #random}. */
    public static final String SEED = "consort.network.seed";

    private static final long LONGEST_DELAY_MILLIS = 200;
    private static final int LONGEST_CUT = 4 << 10;
    private static final int SLOWEST_RATE_BITS = 12;
    private static final int FASTEST_RATE_BITS = 20;
    private static final int FAULTS = 10;

    /** Checks that the times do not go back. */
    public NetworkSchedule {
        faults = List.copyOf(faults);
        for (int i = 1; i < faults.size(); i++) {
            if (faults.get(i).at().compareTo(faults.get(i - 1).at()) < 0) {
                throw new IllegalArgumentException("the times go back at fault " + i + ": " + faults);
            }
        }
    }

    /**
     * What is run under a schedule.
     *
     * @param <X> what it may throw
     */
    @FunctionalInterface
    public interface Body<X extends Exception> {
        /** Runs it. */
        void run() throws X;
    }

    /**
     * The schedule of a seed: some ten faults within the length, of every kind, each of limited duration; in the end all
     * is restored.
     *
     * @param length 1 ms or more
     */
    public static NetworkSchedule of(long seed, Duration length) {
        long millis = length.toMillis();
        if (millis < 1) {
            throw new IllegalArgumentException("a schedule takes 1 ms or more: " + length);
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<NetworkFault> faults = new ArrayList<>();
        for (int i = 0; i < FAULTS; i++) {
            long begin = below(random, millis);
            // A quarter at most, so that something gets through.
            long end = Math.min(millis, begin + 1 + below(random, 1 + millis / 4));
            draw(random, Duration.ofMillis(begin), Duration.ofMillis(end), faults);
        }
        faults.sort(Comparator.comparing(NetworkFault::at));
        faults.add(new NetworkFault(Duration.ofMillis(millis), NetworkFault.Kind.RESTORE, null, 0));
        return new NetworkSchedule(seed, faults);
    }

    /** The schedule of the seed in the system property {@value #SEED}, or of a random seed if that is not set. */
    public static NetworkSchedule random(Duration length) {
        String seed = System.getProperty(SEED, "");
        return of(seed.isEmpty() ? ThreadLocalRandom.current().nextLong() : Long.parseLong(seed), length);
    }

    /* Not the bounded methods, whose results no specification fixes. */
    private static long below(SplittableRandom random, long bound) {
        return Math.floorMod(random.nextLong(), bound);
    }

    private static void draw(SplittableRandom random, Duration begin, Duration end, List<NetworkFault> faults) {
        Direction one = below(random, 2) == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT;
        Direction way = below(random, 2) == 0 ? one : null;
        switch ((int) below(random, 6)) {
            case 0 -> {
                faults.add(
                        new NetworkFault(begin, NetworkFault.Kind.DELAY, way, 1 + below(random, LONGEST_DELAY_MILLIS)));
                faults.add(new NetworkFault(end, NetworkFault.Kind.DELAY, way, 0));
            }
            case 1 -> {
                long bits = SLOWEST_RATE_BITS + below(random, FASTEST_RATE_BITS - SLOWEST_RATE_BITS);
                faults.add(
                        new NetworkFault(begin, NetworkFault.Kind.RATE, way, (1L << bits) + below(random, 1L << bits)));
                faults.add(new NetworkFault(end, NetworkFault.Kind.RATE, way, 0));
            }
            case 2 -> {
                faults.add(new NetworkFault(begin, NetworkFault.Kind.STOP, way, 0));
                faults.add(new NetworkFault(end, NetworkFault.Kind.RESUME, way, 0));
            }
            case 3 -> {
                faults.add(new NetworkFault(begin, NetworkFault.Kind.REFUSE, null, 0));
                faults.add(new NetworkFault(end, NetworkFault.Kind.ACCEPT, null, 0));
            }
            case 4 -> faults.add(new NetworkFault(begin, NetworkFault.Kind.RESET, way, 0));
            default -> faults.add(new NetworkFault(begin, NetworkFault.Kind.CUT, one, below(random, LONGEST_CUT)));
        }
    }

    /**
     * Plays it on the proxy while the body runs, and restores the network as soon as the body ends. If the body fails,
     * its exception or assertion error has another one suppressed in it that shows the seed, how to have it again, and
     * every fault.
     *
     * @param <X> what the body may throw
     */
    public <X extends Exception> void during(FaultProxy proxy, Body<X> body) throws X {
        try {
            var unused = proxy.play(this);
            body.run();
        } catch (Exception | AssertionError e) {
            e.addSuppressed(new IllegalStateException(
                    "on the network of seed " + seed + "; set -D" + SEED + "=" + seed + " to have it again\n" + this));
            throw e;
        } finally {
            restore(proxy);
        }
    }

    private static void restore(FaultProxy proxy) {
        try {
            proxy.restore();
        } catch (IllegalStateException e) {
            // The body has closed it, and its own failure, if any, says more.
        }
    }

    /** The seed and, a line each, the faults. */
    @Override
    public String toString() {
        return faults.stream()
                .map(NetworkFault::toString)
                .collect(Collectors.joining("\n  ", "NetworkSchedule of seed " + seed + ":\n  ", ""));
    }
}
