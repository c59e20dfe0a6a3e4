/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.SemaphoreCall;
import dev.consort.testkit.history.SemaphoreCall.Acquired;
import dev.consort.testkit.history.SemaphoreCall.Released;
import dev.consort.testkit.history.SemaphoreModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** Whoever takes permits and gives them back, and whatever is lost or late: never too many, and nobody forgotten. */
@Tag("property")
class SemaphoreProperties {
    private static final int LIMIT = 3;
    private static final Duration MOMENT = Duration.ofMillis(5);
    private static final List<Party> parties = new ArrayList<>();
    private static final Map<Kind, Integer> tally = new EnumMap<>(Kind.class);

    enum Kind {
        ACQUIRE,
        CANCEL,
        RELEASE,
        AWAIT,
        LOSE_REPLY,
        LOSE_REQUEST,
        DELAY,
        DUPLICATE,
        BREAK_WATCH
    }

    record Step(Kind kind, int who) {}

    @BeforeContainer
    static void join() {
        for (int i = 0; i < 3; i++) {
            parties.add(Party.join(Duration.ofSeconds(5))); // at each renewal ghosts are looked for, which hold permits
        }
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void leave() {
        parties.forEach(Party::close);
        assertThat(tally).containsKeys(Kind.values());
    }

    /** One who wants permits, or has them, or has had them. */
    private static final class Client {
        private final int id;
        private final int permits;
        private final History<SemaphoreCall> history;
        private final CompletableFuture<Permit> wanted;
        private volatile @Nullable Permit permit;
        private volatile boolean done;
        private CompletableFuture<Outcome> released = new CompletableFuture<>();

        Client(int id, DistributedSemaphore semaphore, int permits, History<SemaphoreCall> history) {
            this.id = id;
            this.permits = permits;
            this.history = history;
            long invoked = history.moment();
            wanted = semaphore.acquireAsync(permits);
            var unused = wanted.thenAccept(granted -> {
                history.ended(id, invoked, new Acquired("client " + id, permits), Outcome.OK);
                permit = granted;
            });
        }

        boolean holds() {
            return permit != null && !done;
        }

        boolean isOver() {
            return released.isDone() || wanted.isCompletedExceptionally();
        }

        void release() {
            done = true;
            long invoked = history.moment();
            released = Objects.requireNonNull(permit).releaseAsync().handle((held, failure) -> {
                Outcome outcome = Boolean.TRUE.equals(held) ? Outcome.OK : Outcome.UNKNOWN;
                history.ended(id, invoked, new Released("client " + id, permits), outcome);
                return outcome;
            });
        }
    }

    private static void count(Kind kind) {
        tally.merge(kind, 1, Integer::sum);
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void semaphore_anySchedule_neverTooManyAndNobodyForgotten(@ForAll("schedules") List<Step> steps) {
        String name = Etcd.freshName();
        History<SemaphoreCall> history = new History<>();
        List<Client> clients = new ArrayList<>();
        parties.forEach(party -> DistributedSemaphore.create(party.session, name, LIMIT));
        for (Step step : steps) {
            Party party = parties.get(step.who % parties.size());
            count(step.kind);
            switch (step.kind) {
                case ACQUIRE ->
                    clients.add(new Client(
                            clients.size(),
                            DistributedSemaphore.open(party.session, name),
                            1 + step.who % 4 / 2,
                            history));
                case CANCEL ->
                    clients.stream()
                            .filter(client -> !client.wanted.isDone())
                            .findFirst()
                            .ifPresent(client -> client.wanted.cancel(false));
                case RELEASE -> {
                    List<Client> holders =
                            clients.stream().filter(Client::holds).toList();
                    if (!holders.isEmpty()) {
                        holders.get(step.who % holders.size()).release();
                    }
                }
                case AWAIT -> Pending.awaitAny(clients.stream().map(client -> client.wanted), MOMENT);
                default -> Trouble.valueOf(step.kind.name()).befall(party);
            }
        }
        parties.forEach(party -> party.faults.clear());
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            clients.stream().filter(Client::holds).forEach(Client::release);
            assertThat(clients).as("%s", history).allMatch(Client::isOver);
        });
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(Etcd.claims(name)).hasSize(1));
        assertThat(Linearizability.violation(name, new SemaphoreModel(LIMIT), history.operations()))
                .as("%s\n%s", steps, history)
                .isEmpty();
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(
                Tuple.of(12, Kind.ACQUIRE),
                Tuple.of(2, Kind.CANCEL),
                Tuple.of(9, Kind.RELEASE),
                Tuple.of(12, Kind.AWAIT),
                Tuple.of(1, Kind.LOSE_REPLY),
                Tuple.of(1, Kind.LOSE_REQUEST),
                Tuple.of(1, Kind.DELAY),
                Tuple.of(1, Kind.DUPLICATE),
                Tuple.of(1, Kind.BREAK_WATCH));
        return Combinators.combine(kinds, Arbitraries.integers().between(0, 11))
                .as(Step::new)
                .list()
                .ofMinSize(10)
                .ofMaxSize(50);
    }
}
