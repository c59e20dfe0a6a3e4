/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** An {@link EmbeddedEtcd} answers what etcd answers: any sequence of requests, errors and watch events included. */
class EmbeddedEtcdDifferential {
    private static final int STEPS = 50;
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /** etcd looks for watches of the past every 100 ms. */
    private static final long SYNC_NANOS = TimeUnit.MILLISECONDS.toNanos(130);

    private static List<VersionDifference> differences = List.of();
    private static long steps;
    private static long sequences;

    @SuppressWarnings("NullAway.Init") // by open
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by open
    private static EmbeddedEtcd embedded;

    @SuppressWarnings("NullAway.Init") // by open
    private static Subject real;

    @SuppressWarnings("NullAway.Init") // by open
    private static Subject ours;

    @BeforeContainer
    static void open() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        embedded = EmbeddedEtcd.start();
        differences = VersionDifference.of(etcd.version());
        differences.forEach(difference -> System.out.println("etcd " + etcd.version() + " differs: " + difference));
        real = new Subject("etcd", etcd.endpoints().get(0));
        ours = new Subject("embedded", embedded.endpoint());
    }

    @AfterContainer
    static void close() {
        real.close();
        ours.close();
        embedded.close();
        etcd.close();
        System.out.println("sequences = " + sequences + ", steps = " + steps + " on etcd " + etcd.version());
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Requests.step().list().ofSize(STEPS);
    }

    @Property(tries = 90, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anySequence_isAnsweredAlike(@ForAll("steps") List<Step> sequence) {
        compare(sequence);
    }

    @Property(tries = 5000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    @Tag("long")
    void manySequences_areAnsweredAlike(@ForAll("steps") List<Step> sequence) {
        compare(sequence);
    }

    private static void compare(List<Step> sequence) {
        sequences++;
        real.begin();
        ours.begin();
        try {
            boolean past = false;
            for (Step step : sequence) {
                if (differences.stream().anyMatch(difference -> difference.concerns(step))) {
                    continue;
                }
                if (past && step.needsWatchesServed()) {
                    LockSupport.parkNanos(SYNC_NANOS);
                    past = false;
                }
                steps++;
                assertThat(step.ask(ours)).as("%s", step).isEqualTo(step.ask(real));
                if (step instanceof Step.Watch watch) {
                    past |= watch.request().getCreateRequest().getStartRevision() > 0;
                    ours.awaitSaid();
                    awaitAlike(step.toString());
                }
            }
            ours.awaitSaid();
            awaitAlike("the end");
        } finally {
            real.end();
            ours.end();
        }
    }

    /** Waits until the watches of both have said the same, and fails if they do not. */
    private static void awaitAlike(String when) {
        long deadline = System.nanoTime() + WATCH_NANOS;
        while (!ours.watches().byWatch().equals(real.watches().byWatch())) {
            if (System.nanoTime() - deadline > 0) {
                real.watches()
                        .byWatch()
                        .forEach((id, told) -> assertThat(
                                        ours.watches().byWatch().get(id))
                                .as("watch %s at %s", id, when)
                                .isEqualTo(told));
                assertThat(ours.watches().byWatch())
                        .as("watches at %s", when)
                        .isEqualTo(real.watches().byWatch());
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
