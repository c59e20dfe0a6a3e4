/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import java.util.ArrayList;
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

    private record Failing(List<Step> steps, Throwable why) {}

    private record Found(int number, Failing failing) {}

    private final List<ServerPair> pairs;
    private final BlockingQueue<ServerPair> idle;
    private final Queue<Found> failures = new ConcurrentLinkedQueue<>();

    Sequences(List<ServerPair> pairs) {
        this.pairs = pairs;
        this.idle = new ArrayBlockingQueue<>(pairs.size(), false, pairs);
    }

    /** Compares the sequences with these numbers, and fails with the shortest part of one that is answered otherwise. */
    void compare(String name, Arbitrary<List<Step>> arbitrary, long seed, int from, int to)
            throws InterruptedException {
        RandomGenerator<List<Step>> generator = arbitrary.generator(GENERATED);
        ExecutorService lanes = Executors.newFixedThreadPool(pairs.size());
        try {
            for (int i = from; i < to && failures.isEmpty(); i++) {
                int number = i;
                List<Step> steps = generator.next(random(seed, number)).value();
                ServerPair pair = idle.take();
                lanes.execute(() -> {
                    failure(pair, steps).ifPresent(why -> failures.add(new Found(number, new Failing(steps, why))));
                    idle.add(pair);
                });
                if (number > from && number % REPORT_EACH == 0) {
                    System.out.printf("%s: at sequence %d of seed %d%n", name, number, seed);
                }
            }
        } finally {
            lanes.shutdown();
        }
        if (!lanes.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("a comparison does not end");
        }
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

    private static Optional<Throwable> failure(ServerPair pair, List<Step> steps) {
        try {
            pair.compare(steps);
            return Optional.empty();
        } catch (AssertionError | RuntimeException e) {
            return Optional.of(e);
        }
    }

    private static AssertionError report(String name, long seed, Found found) {
        Failing failing = shortest(found.failing);
        StringBuilder text = new StringBuilder(String.format(
                "%s: sequence %d of seed %d is answered otherwise (-Dconsort.seed=%d -Dconsort.from=%d). Shortest part found:",
                name, found.number, seed, seed, found.number));
        failing.steps.forEach(step -> text.append("\n  ").append(step));
        return new AssertionError(
                text.append('\n').append(failing.why.getMessage()).toString(), failing.why);
    }

    /** Leaves out what is not needed for it to fail: halves first, then ever smaller parts. */
    private static Failing shortest(Failing failing) {
        ServerPair pair = new ServerPair();
        Failing shortest = failing;
        int size = Math.max(1, failing.steps.size() / 2);
        while (size > 0) {
            boolean shorter = false;
            for (int at = shortest.steps.size() - size;
                    at >= 0;
                    at = Math.min(at - size, shortest.steps.size() - size)) {
                List<Step> rest = new ArrayList<>(shortest.steps);
                rest.subList(at, at + size).clear();
                Optional<Throwable> why = failure(pair, rest);
                if (why.isPresent()) {
                    // It may have ended the server.
                    pair.close();
                    pair = new ServerPair();
                    shortest = new Failing(rest, why.get());
                    shorter = true;
                }
            }
            size = shorter && size == 1 ? 1 : size / 2;
        }
        pair.close();
        return shortest;
    }
}
