/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.Barrier.Passage;
import dev.consort.barrier.Seats.Trouble;
import dev.consort.core.Grant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is done, lost, late and harmed: nobody passes while it is held, all pass in the end, and are told how it opened. */
@Tag("property")
class BarrierProperties {

    private enum Act {
        HOLD,
        RELEASE,
        AWAIT,
        REVOKE,
        LOSE_REQUEST,
        LOSE_REPLY,
        DELAY,
        BREAK_WATCH,
        PAUSE
    }

    private static final List<Act> ACTS = List.of(Act.values());
    private static final Seats seats = new Seats();
    private static final Map<Act, Integer> done = new EnumMap<>(Act.class);
    private static final Map<Passage, Integer> passages = new EnumMap<>(Passage.class);

    @BeforeContainer
    static void open() {
        seats.open();
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        assertThat(done).containsKeys(Act.values());
        assertThat(passages).containsKeys(Passage.values());
    }

    @Property(
            tries = 200,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void barrier_anySchedule_nobodyPassesWhileItIsHeld(@ForAll long seed) {
        new Run(new Random(seed)).run();
    }

    /** One who holds it closed, or waits to. */
    private static final class Holder {
        private final Party seat;
        private final CompletableFuture<Grant> hold;
        private volatile long held = Long.MAX_VALUE; // since this moment
        private volatile long ends = Long.MAX_VALUE; // from this moment on it may not be held

        Holder(Party seat, CompletableFuture<Grant> hold) {
            this.seat = seat;
            this.hold = hold;
        }
    }

    /** One who waits for it to open. */
    private record Passer(Party seat, long invoked, CompletableFuture<Passage> passage, AtomicLong passed) {}

    /** One schedule. */
    private static final class Run {
        private final Random random;
        private final String name = Server.freshName();
        private final AtomicLong moments = new AtomicLong();
        private final List<Holder> holders = new ArrayList<>();
        private final List<Passer> passers = new ArrayList<>();

        Run(Random random) {
            this.random = random;
        }

        void run() {
            int acts = 5 + random.nextInt(25);
            for (int i = 0; i < acts; i++) {
                act();
            }
            heal();
            for (Passer passer : passers) {
                assertThat(holders)
                        .as("passed while it was held all the time")
                        .noneMatch(holder -> holder.held < passer.invoked && holder.ends > passer.passed.get());
            }
        }

        private void act() {
            Act act = ACTS.get(random.nextInt(ACTS.size()));
            Party seat = seats.any(random);
            done.merge(act, 1, Integer::sum);
            switch (act) {
                case HOLD -> hold(seat);
                case RELEASE -> holders.stream().filter(this::holds).findFirst().ifPresent(this::release);
                case AWAIT -> pass(seat);
                case REVOKE ->
                    holders.stream().filter(this::holds).findFirst().ifPresentOrElse(holder -> end(holder.seat), () -> {
                        if (random.nextInt(3) == 0) {
                            end(seat);
                        }
                    });
                default -> seats.trouble(seat, Trouble.valueOf(act.name()), random);
            }
        }

        private boolean holds(Holder holder) {
            return holder.held != Long.MAX_VALUE && holder.ends == Long.MAX_VALUE;
        }

        /** That is a moment after it is done, and what is not noted would not be released. */
        private boolean isNoted(Holder holder) {
            return holder.hold.isCompletedExceptionally() || holder.held != Long.MAX_VALUE;
        }

        private void hold(Party seat) {
            Holder holder = new Holder(seat, seat.barrier(name).holdAsync());
            holders.add(holder);
            var unused = holder.hold.thenAccept(grant -> holder.held = moments.incrementAndGet());
        }

        private void release(Holder holder) {
            holder.ends = moments.incrementAndGet();
            var unused = holder.hold.join().releaseAsync();
        }

        private void pass(Party seat) {
            AtomicLong passed = new AtomicLong(Long.MAX_VALUE);
            long invoked = moments.incrementAndGet();
            CompletableFuture<Passage> passage = seat.barrier(name).awaitAsync();
            passers.add(new Passer(
                    seat,
                    invoked,
                    passage.whenComplete((how, failure) -> {
                        if (failure == null) {
                            passed.set(moments.incrementAndGet());
                        }
                    }),
                    passed));
        }

        private void end(Party seat) {
            holders.stream()
                    .filter(holder -> holder.seat == seat && holder.ends == Long.MAX_VALUE)
                    .forEach(holder -> holder.ends = moments.incrementAndGet());
            seats.replace(seat);
        }

        private void heal() {
            seats.heal();
            await("all holds are granted, and released").until(() -> {
                holders.stream().filter(this::holds).forEach(this::release);
                return holders.stream().allMatch(holder -> holder.hold.isDone() && isNoted(holder));
            });
            holders.stream().filter(this::holds).forEach(this::release);
            for (Passer passer : passers) {
                if (passer.seat.session.state().isFinal()) {
                    assertThat(passer.passage.handle((how, failure) -> true)).succeedsWithin(Duration.ofSeconds(10));
                } else {
                    Passage how = passer.passage.orTimeout(10, TimeUnit.SECONDS).join();
                    passages.merge(how, 1, Integer::sum);
                }
            }
            await().until(() -> Server.EMBEDDED.keys(name).isEmpty());
        }
    }
}
