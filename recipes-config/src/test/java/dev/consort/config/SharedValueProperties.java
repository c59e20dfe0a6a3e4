/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SharedValue.Subscription;
import dev.consort.core.Codec;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.RegisterCall;
import dev.consort.testkit.history.RegisterCall.Read;
import dev.consort.testkit.history.RegisterCall.Replaced;
import dev.consort.testkit.history.RegisterCall.Written;
import dev.consort.testkit.history.RegisterModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
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

/** Whatever is lost, late or cut: reads and writes can be put in one order, and a listener is told in that order to its end. */
@Tag("property")
class SharedValueProperties {
    private static final int SHIFTS = 8;
    private static final int NAMES = 25;
    private static final int STEPS = 6;
    private static final String ABSENT = "";
    private static final AtomicInteger replaced = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger updated = new AtomicInteger();
    private static final Seats seats = new Seats();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        System.out.println("SharedValueProperties: schedules = " + SHIFTS * NAMES + ", replaced: " + replaced
                + ", refused: " + refused + ", updated: " + updated);
        assertThat(List.of(replaced, refused, updated)).allMatch(count -> count.get() > 50);
        assertThat(Trouble.caused().values()).allMatch(count -> count.get() > 10);
    }

    /** Each try is a schedule for each of several names, which the same processes use at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void sharedValue_anySchedule_isLinearizable(@ForAll long seed) {
        Random random = new Random(seed);
        List<Trial> trials =
                Stream.generate(() -> new Trial(random.nextLong())).limit(NAMES).toList();
        trials.forEach(Trial::listen);
        seats.atOnce(trials.stream().flatMap(Trial::clients).toList());
        seats.heal();
        trials.forEach(Trial::judge);
    }

    /** One name, those who write it, and one who listens. */
    private static final class Trial {
        private final String name = Server.freshName();
        private final long seed;
        private final History<RegisterCall> history = new History<>();
        private final List<Versioned<String>> told = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Void> last = new CompletableFuture<>();
        private final List<Subscription> listening = new ArrayList<>();

        Trial(long seed) {
            this.seed = seed;
        }

        private SharedValue<String> value(int client) {
            return SharedValue.create(seats.at(client / 2).connection, name, Codec.utf8());
        }

        void listen() {
            listening.add(value(2).listen(now -> now.ifPresent(value -> {
                told.add(value);
                if (value.value().equals("the last")) {
                    last.complete(null);
                }
            })));
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                SharedValue<String> value = value(client);
                Optional<Versioned<String>> seen = Optional.empty();
                for (int i = 0; i < STEPS; i++) {
                    if (random.nextInt(3) == 0) {
                        Trouble.any(seats.at(random.nextInt(2)), random);
                    }
                    String next = client + "-" + i;
                    long invoked = history.moment();
                    switch (random.nextInt(6)) {
                        case 0 -> {
                            seen = Optional.of(value.set(next));
                            history.ended(client, invoked, new Written(next), Outcome.OK);
                        }
                        case 1, 2 -> {
                            seen = value.get();
                            history.ended(client, invoked, new Read(text(seen)), Outcome.OK);
                        }
                        case 3 -> {
                            seen = Optional.of(value.update(now -> now.orElse(ABSENT) + "|" + next));
                            String all = text(seen);
                            String before = all.substring(0, all.length() - next.length() - 1);
                            history.ended(client, invoked, new Replaced(before, all), Outcome.OK);
                            updated.incrementAndGet();
                        }
                        default -> {
                            Optional<Versioned<String>> done = value.compareAndSet(
                                    seen.map(Versioned::revision).orElse(0L), next);
                            history.ended(
                                    client,
                                    invoked,
                                    new Replaced(text(seen), next),
                                    done.isPresent() ? Outcome.OK : Outcome.FAILED);
                            (done.isPresent() ? replaced : refused).incrementAndGet();
                            seen = done.isPresent() ? done : seen;
                        }
                    }
                }
            });
        }

        private static String text(Optional<Versioned<String>> value) {
            return value.map(Versioned::value).orElse(ABSENT);
        }

        void judge() {
            assertThat(Linearizability.violation(name, new RegisterModel(ABSENT), history.operations()))
                    .isEmpty();
            Versioned<String> end = value(0).set("the last");
            last.orTimeout(10, TimeUnit.SECONDS).join();
            listening.forEach(Subscription::close);
            assertThat(told).extracting(Versioned::revision).isSorted().doesNotHaveDuplicates();
            assertThat(told).endsWith(end);
        }
    }
}
