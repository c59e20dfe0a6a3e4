/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * An embedded etcd answers what a real one answers: any sequence of requests, errors and watch events included.
 *
 * <p>{@code -Dconsort.seed=..} repeats a run; {@code -Dconsort.from=..} takes it up at a sequence, {@code -Dconsort.to=..}
 * ends it before one.
 */
class EmbeddedEtcdDifferential {
    private static final int STEPS = 50;
    private static final int LANES = 4;
    private static final int SOME = 120;
    private static final int MANY = 5000;

    @SuppressWarnings("NullAway.Init") // by open
    private static List<ServerPair> pairs;

    @SuppressWarnings("NullAway.Init") // by open
    private static Sequences sequences;

    @BeforeContainer
    static void open() {
        pairs = IntStream.range(0, LANES).mapToObj(lane -> new ServerPair()).toList();
        sequences = new Sequences(pairs, ServerPair::new);
        ServerPair any = pairs.get(0);
        any.differences()
                .forEach(difference -> System.out.println("etcd " + any.version() + " differs: " + difference));
    }

    @AfterContainer
    static void close() {
        pairs.forEach(ServerPair::close);
    }

    @Example
    void anySequence_isAnsweredAlike() throws InterruptedException {
        compare("anybody", of(Requests.step()), SOME);
    }

    @Example
    void anySequenceOfSeveralUsers_isAnsweredAlike() throws InterruptedException {
        compare("users", ofUsers(), SOME);
    }

    @Example
    @Tag("long")
    void manySequences_areAnsweredAlike() throws InterruptedException {
        compare("anybody", of(Requests.step()), MANY);
    }

    @Example
    @Tag("long")
    void manySequencesOfSeveralUsers_areAnsweredAlike() throws InterruptedException {
        compare("users", ofUsers(), MANY);
    }

    /** It may end sooner, so that a failing one can be shortened. */
    private static Arbitrary<List<Step>> of(Arbitrary<Step> step) {
        return step.list().ofMaxSize(STEPS).withSizeDistribution((size, least, most, center) -> random -> most);
    }

    private static Arbitrary<List<Step>> ofUsers() {
        return of(AuthRequests.step())
                .map(steps -> Stream.concat(AuthRequests.setUp().stream(), steps.stream())
                        .toList());
    }

    private static void compare(String name, Arbitrary<List<Step>> arbitrary, int count) throws InterruptedException {
        long seed = Long.getLong("consort.seed", ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
        int from = Integer.getInteger("consort.from", 0);
        int to = Integer.getInteger("consort.to", count);
        sequences.compare(name + " on etcd " + pairs.get(0).version(), arbitrary, seed, from, to);
    }
}
