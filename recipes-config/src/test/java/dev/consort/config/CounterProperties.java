/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.RegisterCall;
import dev.consort.testkit.history.RegisterCall.Read;
import dev.consort.testkit.history.RegisterCall.Replaced;
import dev.consort.testkit.history.RegisterModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;

/** Whatever is lost or late: what is added is added once, in one order for all, and no id is given out twice. */
@Tag("property")
class CounterProperties {
    private static final int SHIFTS = 8;
    private static final int NAMES = 25;
    private static final int STEPS = 5;
    private static final AtomicInteger added = new AtomicInteger();
    private static final AtomicInteger replaced = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger ids = new AtomicInteger();
    private static final Seats seats = new Seats();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        System.out.println("CounterProperties: schedules = " + 2 * SHIFTS * NAMES + ", added: " + added + ", replaced: "
                + replaced + ", refused: " + refused + ", ids: " + ids);
        assertThat(List.of(added, replaced, refused, ids)).allMatch(count -> count.get() > 50);
        assertThat(Trouble.caused().values()).allMatch(count -> count.get() > 10);
    }

    /** Each try is a schedule for each of several names, which the same processes use at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void counter_anySchedule_isLinearizable(@ForAll long seed) {
        Random random = new Random(seed);
        List<Trial> trials =
                Stream.generate(() -> new Trial(random.nextLong())).limit(NAMES).toList();
        seats.atOnce(trials.stream().flatMap(Trial::clients).toList());
        seats.heal();
        trials.forEach(Trial::judge);
    }

    /** One name, and four who count, of whom each two share a counter as threads do. */
    private static final class Trial {
        private final String name = Server.freshName();
        private final long seed;
        private final History<RegisterCall> history = new History<>();
        private final List<AtomicCounter> counters = new ArrayList<>();

        Trial(long seed) {
            this.seed = seed;
            for (int i = 0; i < 2; i++) {
                counters.add(AtomicCounter.create(seats.at(i).connection, name));
            }
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 4).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                AtomicCounter counter = counters.get(client / 2);
                long seen = 0;
                for (int i = 0; i < STEPS; i++) {
                    if (random.nextInt(3) == 0) {
                        Trouble.any(seats.at(random.nextInt(2)), random);
                    }
                    long invoked = history.moment();
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            seen = counter.get();
                            history.ended(client, invoked, new Read(text(seen)), Outcome.OK);
                        }
                        case 1 -> {
                            long next = seen + 100;
                            boolean done = counter.compareAndSet(seen, next);
                            history.ended(
                                    client,
                                    invoked,
                                    new Replaced(text(seen), text(next)),
                                    done ? Outcome.OK : Outcome.FAILED);
                            (done ? replaced : refused).incrementAndGet();
                        }
                        default -> {
                            long delta = random.nextInt(5) - 1L;
                            seen = counter.add(delta);
                            history.ended(client, invoked, new Replaced(text(seen - delta), text(seen)), Outcome.OK);
                            added.incrementAndGet();
                        }
                    }
                }
            });
        }

        private static String text(long number) {
            return String.valueOf(number);
        }

        void judge() {
            assertThat(Linearizability.violation(name, new RegisterModel("0"), history.operations()))
                    .isEmpty();
        }
    }

    /** Processes come and go, and leave what they had reserved. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void ids_anySchedule_areUnique(@ForAll long seed) {
        Random random = new Random(seed);
        List<IdTrial> trials = Stream.generate(() -> new IdTrial(random.nextLong()))
                .limit(NAMES)
                .toList();
        seats.atOnce(trials.stream().flatMap(IdTrial::clients).toList());
        seats.heal();
        trials.forEach(IdTrial::judge);
    }

    /** One name, and three who take ids of it. */
    private static final class IdTrial {
        private final String name = Server.freshName();
        private final long seed;
        private final Queue<Long> given = new ConcurrentLinkedQueue<>();

        IdTrial(long seed) {
            this.seed = seed;
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                IdGenerator generator = begin(client, random);
                long last = 0;
                for (int i = 0; i < 6; i++) {
                    switch (random.nextInt(5)) {
                        case 0 -> Trouble.any(seats.at(random.nextInt(2)), random);
                        case 1 -> generator = begin(client, random);
                        default -> {
                            long id = generator.next();
                            assertThat(id)
                                    .as("after %d of the same client", last)
                                    .isGreaterThan(last);
                            last = id;
                            given.add(id);
                            ids.incrementAndGet();
                        }
                    }
                }
            });
        }

        private IdGenerator begin(int client, Random random) {
            int block = 1 + random.nextInt(4);
            return random.nextBoolean()
                    ? IdGenerator.create(seats.at(client / 2).connection, name, block)
                    : IdGenerator.prefetching(seats.at(client / 2).connection, name, block);
        }

        void judge() {
            assertThat(given).as(name).doesNotHaveDuplicates();
            long reserved = AtomicCounter.create(seats.at(0).connection, name).get();
            assertThat(given).allMatch(id -> id >= 1 && id <= reserved);
        }
    }
}
