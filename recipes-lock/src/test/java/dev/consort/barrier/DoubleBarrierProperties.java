/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.barrier.Seats.Trouble;
import dev.consort.testkit.history.BarrierRounds;
import dev.consort.testkit.history.BarrierRounds.Round;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
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
import org.jspecify.annotations.Nullable;

/** Whatever is done, lost, late and harmed: members enter and leave together, round after round, and nobody is forgotten. */
@Tag("property")
class DoubleBarrierProperties {

    private enum Act {
        ENTER,
        LEAVE,
        CANCEL,
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
    private static int left;

    @BeforeContainer
    static void open() {
        seats.open();
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        assertThat(done).containsKeys(Act.values());
        assertThat(left).isGreaterThan(200);
    }

    @Property(
            tries = 200,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void barrier_anySchedule_membersEnterAndLeaveTogether(@ForAll long seed) {
        new Run(new Random(seed)).run();
    }

    /** One who has come. */
    private static final class Member {
        private final Party seat;
        private final CompletableFuture<Stay> entered;
        private volatile long round; // 0 until it is inside
        private volatile long leaves = Long.MAX_VALUE; // the moment at which it began to leave, or may have died
        private volatile long hasLeft; // 0 until it has
        private @Nullable CompletableFuture<Boolean> leaving;

        Member(Party seat, CompletableFuture<Stay> entered) {
            this.seat = seat;
            this.entered = entered;
        }
    }

    /** One schedule. */
    private static final class Run {
        private final Random random;
        private final String name = Server.freshName();
        private final int size;
        private final History<Round> history = new History<>();
        private final List<Member> members = new ArrayList<>();
        private final List<CompletableFuture<Boolean>> recorded = new ArrayList<>();
        private final Map<Long, Integer> indices = new HashMap<>(); // guarded by itself

        Run(Random random) {
            this.random = random;
            this.size = 1 + random.nextInt(3);
        }

        void run() {
            int acts = 5 + random.nextInt(25);
            for (int i = 0; i < acts; i++) {
                act();
            }
            heal();
            assertThat(BarrierRounds.violations(size, history.operations()))
                    .as("%s members\n%s", size, history)
                    .isEmpty();
            members.forEach(this::assertLeftWithTheOthers);
        }

        private void assertLeftWithTheOthers(Member member) {
            if (member.hasLeft > 0) {
                assertThat(members)
                        .filteredOn(other -> other.round == member.round)
                        .as("round %s was left before all others began to", member.round)
                        .allMatch(other -> other.leaves < member.hasLeft);
            }
        }

        private void act() {
            Act act = random.nextInt(3) == 0 ? Act.ENTER : ACTS.get(random.nextInt(ACTS.size()));
            Party seat = seats.any(random);
            done.merge(act, 1, Integer::sum);
            switch (act) {
                case ENTER -> enter(seat);
                case LEAVE ->
                    members.stream()
                            .filter(member -> member.round > 0 && member.leaving == null)
                            .findFirst()
                            .ifPresent(this::leave);
                case CANCEL -> {
                    if (!members.isEmpty()) {
                        members.get(random.nextInt(members.size())).entered.cancel(false);
                    }
                }
                case REVOKE -> {
                    if (random.nextInt(4) == 0) {
                        endOf(seat);
                    }
                }
                default -> seats.trouble(seat, Trouble.valueOf(act.name()), random);
            }
        }

        private void endOf(Party seat) {
            long moment = history.moment();
            members.stream()
                    .filter(member -> member.seat == seat)
                    .forEach(member -> member.leaves = Math.min(member.leaves, moment));
            seats.replace(seat);
        }

        private void enter(Party seat) {
            int client = members.size();
            long invoked = history.moment();
            Member member = new Member(seat, seat.doubled(name, size).enterAsync());
            members.add(member);
            recorded.add(member.entered.handle((stay, failure) -> {
                if (failure == null) {
                    int index;
                    synchronized (indices) {
                        index = indices.merge(stay.round(), 1, Integer::sum) - 1;
                    }
                    history.ended(client, invoked, new Round(stay.round(), index), Outcome.OK);
                    member.round = stay.round();
                } else {
                    history.ended(client, invoked, Round.NONE, Outcome.UNKNOWN); // cancelled, or its session ended
                }
                return true;
            }));
        }

        private void leave(Member member) {
            member.leaves = Math.min(member.leaves, history.moment());
            member.leaving = member.entered.join().leaveAsync().handle((nothing, failure) -> {
                if (failure == null) {
                    member.hasLeft = history.moment();
                }
                return failure == null;
            });
        }

        /** All who are still inside leave, those who wait give up, and then two rounds go as they should. */
        private void heal() {
            seats.heal();
            members.forEach(member -> member.entered.cancel(false));
            recorded.forEach(CompletableFuture::join);
            seats.awaitQuiet();
            leaveAll();
            await("nobody is inside or waits")
                    .until(() -> Server.EMBEDDED.keys(name).size() <= 1);
            for (int round = 0; round < 2; round++) {
                List<Member> before = List.copyOf(members);
                for (int i = 0; i < size; i++) {
                    enter(seats.at(i));
                }
                List<Member> now = new ArrayList<>(members);
                now.removeAll(before);
                now.forEach(
                        member -> member.entered.orTimeout(10, TimeUnit.SECONDS).join());
                recorded.forEach(CompletableFuture::join);
                assertThat(now.stream().map(member -> member.round).distinct()).hasSize(1);
                leaveAll();
                now.forEach(member -> assertThat(member.leaving).isCompletedWithValue(true));
            }
            assertThat(Server.EMBEDDED.keyNames(name)).containsExactly(name + "/round");
        }

        private void leaveAll() {
            members.stream()
                    .filter(member -> member.round > 0 && member.leaving == null)
                    .forEach(this::leave);
            for (Member member : members) {
                CompletableFuture<Boolean> leaving = member.leaving;
                if (leaving != null) {
                    boolean ours = leaving.orTimeout(10, TimeUnit.SECONDS).join();
                    left += ours ? 1 : 0;
                }
            }
        }
    }
}
