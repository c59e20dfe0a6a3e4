/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.Seats.Trouble;
import dev.consort.testkit.history.BarrierRounds;
import dev.consort.testkit.history.BarrierRounds.Round;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is done, lost, late and harmed: one verdict for all of a round, nobody early, nobody forgotten, nothing left. */
@Tag("property")
class CyclicBarrierProperties {

    private enum Act {
        ARRIVE,
        CANCEL,
        RESET,
        REVOKE,
        LOSE_REQUEST,
        LOSE_REPLY,
        DUPLICATE,
        DELAY,
        BREAK_WATCH,
        PAUSE
    }

    private static final List<Act> ACTS = List.of(Act.values());
    private static final Seats seats = new Seats();
    private static final Map<Act, Integer> done = new EnumMap<>(Act.class);
    private static int passed;
    private static int broken;

    @BeforeContainer
    static void open() {
        seats.open();
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        System.out.println("Cyclic barrier: " + done + ", passed " + passed + ", broken " + broken);
        seats.close();
        assertThat(done).containsKeys(Act.values());
        assertThat(passed).isGreaterThan(200);
        assertThat(broken).isGreaterThan(50);
    }

    @Property(
            tries = 200,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void barrier_anySchedule_oneVerdictForARound(@ForAll long seed) {
        new Run(new Random(seed)).run();
    }

    /** One schedule. */
    private static final class Run {
        private final Random random;
        private final String name = Server.freshName();
        private final int parties;
        private final boolean withAction;
        private final History<Round> history = new History<>();
        private final List<CompletableFuture<Verdict>> arrivals = new ArrayList<>();
        private final List<CompletableFuture<Boolean>> recorded = new ArrayList<>();

        Run(Random random) {
            this.random = random;
            this.parties = 1 + random.nextInt(4);
            this.withAction = random.nextInt(3) == 0;
        }

        private EtcdCyclicBarrier barrier(Party seat) {
            return new EtcdCyclicBarrier(seat.session, name, parties, withAction ? Thread::onSpinWait : null);
        }

        void run() {
            int acts = 5 + random.nextInt(25);
            for (int i = 0; i < acts; i++) {
                act();
            }
            heal();
            assertThat(BarrierRounds.violations(parties, history.operations()))
                    .as("%s parties\n%s", parties, history)
                    .isEmpty();
        }

        private void act() {
            Act act = random.nextInt(2) == 0 ? Act.ARRIVE : ACTS.get(random.nextInt(ACTS.size()));
            Party seat = seats.any(random);
            done.merge(act, 1, Integer::sum);
            switch (act) {
                case ARRIVE -> arrive(seat);
                case CANCEL -> {
                    if (!arrivals.isEmpty()) {
                        arrivals.get(random.nextInt(arrivals.size())).cancel(false);
                    }
                }
                case RESET -> barrier(seat).reset();
                case REVOKE -> {
                    if (random.nextInt(4) == 0) {
                        seats.replace(seat);
                    }
                }
                default -> seats.trouble(seat, Trouble.valueOf(act.name()), random);
            }
        }

        private void arrive(Party seat) {
            int client = arrivals.size();
            long invoked = history.moment();
            CompletableFuture<Verdict> arrival = barrier(seat).arriveAsync(CompletableFuture::completedFuture);
            arrivals.add(arrival);
            recorded.add(arrival.handle((verdict, failure) -> {
                if (verdict instanceof Verdict.Passed round) {
                    passed++;
                    history.ended(client, invoked, new Round(round.generation(), round.index()), Outcome.OK);
                } else if (verdict instanceof Verdict.Broken round) {
                    broken++;
                    history.ended(client, invoked, new Round(round.generation(), -1), Outcome.FAILED);
                } else {
                    history.ended(client, invoked, Round.NONE, Outcome.UNKNOWN); // cancelled, or its session ended
                }
                return true;
            }));
        }

        private void heal() {
            seats.heal();
            arrivals.forEach(arrival -> arrival.cancel(false));
            recorded.forEach(CompletableFuture::join);
            seats.awaitQuiet();
            // Those that were given up break it yet.
            await("nobody waits any more").until(() -> {
                barrier(seats.at(0)).reset();
                return Server.EMBEDDED.keys(name).size() <= 1;
            });
            for (int round = 0; round < 2; round++) {
                int before = arrivals.size();
                for (int i = 0; i < parties; i++) {
                    arrive(seats.at(i));
                }
                for (CompletableFuture<Verdict> arrival : arrivals.subList(before, arrivals.size())) {
                    Verdict verdict = arrival.orTimeout(10, TimeUnit.SECONDS).join();
                    assertThat(verdict).isInstanceOf(Verdict.Passed.class);
                }
            }
            recorded.forEach(CompletableFuture::join);
            assertThat(Server.EMBEDDED.keyNames(name)).containsExactly(name + "/generation");
        }
    }
}
