/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.ReadWriteLockCall;
import dev.consort.testkit.history.ReadWriteLockCall.ReadLocked;
import dev.consort.testkit.history.ReadWriteLockCall.ReadUnlocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteLocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteUnlocked;
import dev.consort.testkit.history.ReadWriteLockModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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

/** Whatever readers and writers do, and whatever is lost or late: one writer or many readers, and nobody forgotten. */
@Tag("property")
class ReadWriteLockProperties {
    private static final Duration MOMENT = Duration.ofMillis(5);
    private static final List<Party> parties = new ArrayList<>();
    private static final Map<Kind, Integer> tally = new EnumMap<>(Kind.class);

    enum Kind {
        READ,
        WRITE,
        CANCEL,
        RELEASE,
        DOWNGRADE,
        UPGRADE,
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
            parties.add(Party.join(Duration.ofSeconds(5))); // at each renewal ghosts are looked for
        }
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void leave() {
        parties.forEach(Party::close);
        System.out.println("ReadWriteLock: " + tally);
        assertThat(tally).containsKeys(Kind.values());
    }

    /** One who wants the lock, or has it, or has had it. */
    private static final class Client {
        final int id;
        final ReadWriteLock lock;
        final History<ReadWriteLockCall> history;
        final CompletableFuture<Grant> wanted;
        boolean reads; // now, if it has it
        volatile @Nullable Grant grant;
        boolean done;
        CompletableFuture<Boolean> answered = CompletableFuture.completedFuture(true); // what it asked for last

        Client(int id, ReadWriteLock lock, boolean writes, History<ReadWriteLockCall> history) {
            this.id = id;
            this.lock = lock;
            this.history = history;
            this.reads = !writes;
            long invoked = history.moment();
            wanted = (writes ? lock.writeLock() : lock.readLock()).acquireAsync();
            var unused = wanted.thenAccept(granted -> {
                history.ended(id, invoked, writes ? new WriteLocked(owner()) : new ReadLocked(owner()), Outcome.OK);
                grant = granted;
            });
        }

        String owner() {
            return "client " + id;
        }

        boolean holds() {
            return wanted.isDone() && !wanted.isCompletedExceptionally() && grant != null && !done;
        }

        private Grant granted() {
            return Objects.requireNonNull(grant);
        }

        void exchange() {
            long invoked = history.moment();
            Optional<Grant> other = reads ? lock.tryUpgrade(granted()) : lock.downgrade(granted());
            if (other.isEmpty()) {
                assertThat(reads).as("a writer can always become a reader").isTrue();
                assertThat(granted().isHeld()).isTrue();
                return;
            }
            assertThat(other.get().token()).isGreaterThan(granted().token());
            grant = other.get();
            history.ended(id, invoked, reads ? new WriteLocked(owner()) : new ReadLocked(owner()), Outcome.OK);
            history.ended(id, invoked, reads ? new ReadUnlocked(owner()) : new WriteUnlocked(owner()), Outcome.OK);
            reads = !reads;
            count(reads ? Kind.DOWNGRADE : Kind.UPGRADE);
        }

        void release() {
            done = true;
            long invoked = history.moment();
            answered = granted().releaseAsync().handle((held, failure) -> {
                history.ended(
                        id,
                        invoked,
                        reads ? new ReadUnlocked(owner()) : new WriteUnlocked(owner()),
                        Boolean.TRUE.equals(held) ? Outcome.OK : Outcome.UNKNOWN);
                return true;
            });
        }
    }

    private static void count(Kind kind) {
        tally.merge(kind, 1, Integer::sum);
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void readWriteLock_anySchedule_oneWriterOrManyReadersAndNobodyForgotten(@ForAll("schedules") List<Step> steps) {
        String name = Etcd.freshName();
        History<ReadWriteLockCall> history = new History<>();
        List<Client> clients = new ArrayList<>();
        for (Step step : steps) {
            Party party = parties.get(step.who % parties.size());
            List<Client> holders = clients.stream().filter(Client::holds).toList();
            Optional<Client> holder =
                    holders.isEmpty() ? Optional.empty() : Optional.of(holders.get(step.who % holders.size()));
            switch (step.kind) {
                case READ, WRITE -> {
                    ReadWriteLock lock = ReadWriteLock.create(party.session, name);
                    clients.add(new Client(clients.size(), lock, step.kind == Kind.WRITE, history));
                    count(step.kind);
                }
                case CANCEL ->
                    clients.stream()
                            .filter(client -> !client.wanted.isDone())
                            .findFirst()
                            .ifPresent(client -> {
                                client.done = client.wanted.cancel(false);
                                count(Kind.CANCEL);
                            });
                case RELEASE ->
                    holder.ifPresent(client -> {
                        client.release();
                        count(Kind.RELEASE);
                    });
                case DOWNGRADE -> holder.filter(client -> !client.reads).ifPresent(Client::exchange);
                case UPGRADE -> holder.filter(client -> client.reads).ifPresent(Client::exchange);
                case AWAIT -> {
                    count(Kind.AWAIT);
                    Pending.awaitAny(clients.stream().map(client -> client.wanted), MOMENT);
                }
                default -> {
                    Trouble.valueOf(step.kind.name()).befall(party);
                    count(step.kind);
                }
            }
        }
        parties.forEach(party -> party.faults.clear());
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            clients.stream().filter(Client::holds).forEach(Client::release);
            assertThat(clients)
                    .as("%s", history)
                    .allMatch(client -> client.done || client.wanted.isCompletedExceptionally())
                    .allMatch(client -> client.answered.isDone());
        });
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(Etcd.claims(name)).isEmpty());
        assertThat(Linearizability.violation(name, new ReadWriteLockModel(), history.operations()))
                .as("%s\n%s", steps, history)
                .isEmpty();
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(
                Tuple.of(8, Kind.READ),
                Tuple.of(6, Kind.WRITE),
                Tuple.of(2, Kind.CANCEL),
                Tuple.of(9, Kind.RELEASE),
                Tuple.of(3, Kind.DOWNGRADE),
                Tuple.of(3, Kind.UPGRADE),
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
