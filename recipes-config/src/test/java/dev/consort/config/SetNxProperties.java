/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SetNx.Answer;
import dev.consort.config.SetNx.Answer.Status;
import dev.consort.testkit.Commit;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.SetIfAbsentCall;
import dev.consort.testkit.history.SetIfAbsentCall.Claimed;
import dev.consort.testkit.history.SetIfAbsentCall.Expired;
import dev.consort.testkit.history.SetIfAbsentCall.Removed;
import dev.consort.testkit.history.SetIfAbsentCall.Seen;
import dev.consort.testkit.history.SetIfAbsentModel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import org.jspecify.annotations.Nullable;

/** Whatever is lost, late or sent twice: who sets it, who finds it and who releases it can be put in one order. */
@Tag("property")
class SetNxProperties {
    private static final int SHIFTS = 8;
    private static final int NAMES = 25;
    private static final int STEPS = 6;
    private static final AtomicInteger created = new AtomicInteger();
    private static final AtomicInteger held = new AtomicInteger();
    private static final AtomicInteger again = new AtomicInteger();
    private static final AtomicInteger released = new AtomicInteger();
    private static final Seats seats = new Seats();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        System.out.println("SetNxProperties: schedules = " + SHIFTS * NAMES + ", created: " + created + ", held: "
                + held + ", already mine: " + again + ", released: " + released);
        assertThat(List.of(created, held, again, released)).allMatch(count -> count.get() > 50);
        assertThat(Trouble.caused().values()).allMatch(count -> count.get() > 10);
    }

    /** Each try is a schedule for each of several names, which the same processes use at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void setNx_anySchedule_isLinearizable(@ForAll long seed) {
        Random random = new Random(seed);
        int known = Server.embeddedEtcd().log().size();
        List<Trial> trials =
                Stream.generate(() -> new Trial(random)).limit(NAMES).toList();
        seats.atOnce(trials.stream().flatMap(Trial::clients).toList());
        seats.heal();
        List<Commit> log = Server.embeddedEtcd().logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    /** One name, and three who compete for it, of whom two go by one connection. */
    private static final class Trial {
        private final String name = Server.freshName();
        private final int kind;
        private final long seed;
        private final History<SetIfAbsentCall> history = new History<>();
        private final Set<Long> tokens = new ConcurrentSkipListSet<>();

        Trial(Random random) {
            this.kind = random.nextInt(3);
            this.seed = random.nextLong();
        }

        private SetNx recipe(int client) {
            Party party = seats.at(client / 2);
            return (switch (kind) {
                        case 0 -> SetNx.permanent(party.connection, name);
                        case 1 -> SetNx.expiring(party.connection, name, Duration.ofSeconds(60));
                        default -> SetNx.boundTo(party.session(), name);
                    })
                    .as("client-" + client);
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                SetNx mine = recipe(client);
                @Nullable Answer last = null;
                for (int i = 0; i < STEPS; i++) {
                    if (random.nextInt(3) == 0) {
                        Trouble.any(seats.at(random.nextInt(2)), random);
                    }
                    switch (random.nextInt(last == null ? 4 : 7)) {
                        case 0, 1, 2 -> last = set(client, mine);
                        case 3 -> see(client, mine);
                        case 4 -> expire(client);
                        default -> {
                            release(client, mine, Objects.requireNonNull(last));
                            last = null;
                        }
                    }
                }
            });
        }

        private @Nullable Answer set(int client, SetNx mine) {
            long invoked = history.moment();
            Answer answer = mine.trySet(mine.owner());
            history.ended(client, invoked, new Claimed(mine.owner()), answer.isMine() ? Outcome.OK : Outcome.FAILED);
            history.ended(client, invoked, new Seen(answer.value()), Outcome.OK);
            if (answer.status() == Status.CREATED) {
                created.incrementAndGet();
                assertThat(tokens.add(answer.token().revision()))
                        .as("a token for one only")
                        .isTrue();
            } else {
                (answer.isMine() ? again : held).incrementAndGet();
            }
            return answer.isMine() ? answer : null;
        }

        private void see(int client, SetNx mine) {
            long invoked = history.moment();
            String value = mine.current().map(Answer::value).orElse("");
            history.ended(client, invoked, new Seen(value), Outcome.OK);
        }

        private void release(int client, SetNx mine, Answer last) {
            long invoked = history.moment();
            boolean was = mine.release(last.token());
            history.ended(client, invoked, new Removed(mine.owner()), was ? Outcome.OK : Outcome.FAILED);
            if (was) {
                released.incrementAndGet();
            }
        }

        /** By somebody who revokes the lease that he saw, whatever became of the key since. */
        private void expire(int client) {
            if (kind != 1) {
                return;
            }
            long invoked = history.moment();
            Server.embedded().get(name).ifPresent(kv -> {
                Server.embedded().revokeIfThere(kv.getLease());
                history.ended(client, invoked, new Expired(kv.getValue().toString()), Outcome.UNKNOWN);
            });
        }

        void judge(List<Commit> log) {
            assertThat(Linearizability.violation(name, new SetIfAbsentModel(), history.operations()))
                    .isEmpty();
            assertThat(log.stream()
                            .flatMap(commit -> commit.changes().stream()
                                    .filter(change -> !change.deleted() && change.version() == 1)
                                    .filter(change -> change.key().toString().equals(name))
                                    .map(change -> commit.revision()))
                            .collect(Collectors.toSet()))
                    .as("what was created, and who was told")
                    .isEqualTo(tokens);
        }
    }
}
