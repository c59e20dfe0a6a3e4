/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.RandomGenerator;

/**
 * Random sequences, each from a seed and its number, so that a run can be taken up again at any of them. Several are
 * compared at a time, since most of the time of one is spent waiting for etcd to serve watches of the past.
 */
final class Sequences {
    private static final int GENERATED = 1000;
    private static final int REPORT_EACH = 500;
    private static final long END_SECONDS = 60;

    /** A sequence, and how it fails. */
    record Failing(List<Step> steps, SequenceFailure why) {
        static Optional<Failing> of(Comparison lane, List<Step> steps) {
            try {
                lane.compare(steps);
                return Optional.empty();
            } catch (SequenceFailure e) {
                return Optional.of(new Failing(steps, e));
            }
        }
    }

    private record Found(int number, Failing failing) {}

    private final List<? extends Comparison> lanes;
    private final BlockingQueue<Comparison> idle;
    private final Supplier<? extends Comparison> fresh;
    private final Queue<Found> failures = new ConcurrentLinkedQueue<>();

    /**
     * Sequences.
     *
     * @param lanes what compares them
     * @param fresh opens another one, to shorten a sequence on
     */
    Sequences(List<? extends Comparison> lanes, Supplier<? extends Comparison> fresh) {
        this.lanes = lanes;
        this.idle = new ArrayBlockingQueue<>(lanes.size(), false, lanes);
        this.fresh = fresh;
    }

    /** Compares the sequences with these numbers, and fails with the shortest part of one that does not go alike. */
    void compare(String name, Arbitrary<List<Step>> arbitrary, long seed, int from, int to)
            throws InterruptedException {
        RandomGenerator<List<Step>> generator = arbitrary.generator(GENERATED);
        ExecutorService threads = Executors.newFixedThreadPool(lanes.size());
        try {
            for (int i = from; i < to && failures.isEmpty(); i++) {
                int number = i;
                List<Step> steps = generator.next(random(seed, number)).value();
                Comparison lane = idle.take();
                threads.execute(() -> {
                    Failing.of(lane, steps).ifPresent(failing -> failures.add(new Found(number, failing)));
                    idle.add(lane);
                });
                if (number > from && number % REPORT_EACH == 0) {
                    System.out.printf("%s: at sequence %d of seed %d%n", name, number, seed);
                }
            }
        } finally {
            threads.shutdown();
        }
        if (!threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("a comparison does not end");
        }
        // The first is the one to believe: another one may have been tried on what this has left.
        Found found = failures.poll();
        if (found != null) {
            throw report(name, seed, found);
        }
        System.out.printf("%s: sequences = %d (%d to %d of seed %d)%n", name, to - from, from, to - 1, seed);
    }

    /** Far from that of the next number. */
    private static Random random(long seed, int number) {
        return new Random(new SplittableRandom(seed * 31 + number).nextLong());
    }

    private AssertionError report(String name, long seed, Found found) {
        SequenceFailure first = found.failing.why();
        Optional<Failing> shortest = new SequenceShortening(fresh).shortest(found.failing);
        StringBuilder text = new StringBuilder(String.format(
                "%s: sequence %d of seed %d %s (-Dconsort.seed=%d -Dconsort.from=%d -Dconsort.to=%d):%n%s%n",
                name, found.number, seed, first.kind(), seed, found.number, found.number + 1, first.getMessage()));
        text.append(shortest.isPresent() ? "Shortest part found:" : "It does not by itself, on other servers:");
        Failing shown = shortest.orElse(found.failing);
        shown.steps().forEach(step -> text.append("\n  ").append(step));
        shortest.ifPresent(failing -> text.append('\n').append(failing.why().getMessage()));
        return new AssertionError(text.toString(), first);
    }
}
