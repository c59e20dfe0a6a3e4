/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.Commit;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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

/** Whatever is lost or late, and whoever dies: each item is acknowledged once, is dead, or is still there. */
@Tag("property")
class WorkQueueProperties {
    private static final int SHIFTS = 8;
    private static final int NAMES = 25;
    private static final int CLIENTS = 2;
    private static final int STEPS = 6;
    private static final int MAX_ATTEMPTS = 4;
    private static final Duration TIME_LIMIT = Duration.ofMillis(150);
    private static final AtomicInteger acknowledged = new AtomicInteger();
    private static final AtomicInteger redelivered = new AtomicInteger();
    private static final AtomicInteger givenBack = new AtomicInteger();
    private static final AtomicInteger forgotten = new AtomicInteger();
    private static final AtomicInteger lost = new AtomicInteger();
    private static final AtomicInteger unknown = new AtomicInteger();
    private static final AtomicInteger deaths = new AtomicInteger();
    private static final AtomicInteger dead = new AtomicInteger();
    private static final ExecutorService threads = Executors.newCachedThreadPool();
    private static final List<Consumer> consumers =
            Stream.generate(Consumer::new).limit(3).toList();

    /** One that lives through several sessions. */
    private static final class Consumer {
        final Peer peer = Server.embedded().peer();
        final SessionFactory sessions =
                SessionFactory.of(Session.builder(peer.connection).ttl(Duration.ofMinutes(10)));

        /** It closes its session, or its lease goes without a word. */
        void dies(boolean cleanly) {
            Session session = sessions.session();
            if (cleanly) {
                session.close();
            } else {
                revoke(session.leaseId());
            }
            deaths.incrementAndGet();
        }

        private static void revoke(long lease) {
            try {
                Server.embeddedEtcd().faults().revokeLease(lease);
            } catch (StatusRuntimeException e) {
                assertThat(e).as("it died of something else just then").hasMessageContaining("NOT_FOUND");
            }
        }
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        consumers.forEach(consumer -> {
            consumer.sessions.close();
            consumer.peer.close();
        });
        threads.shutdownNow();
        System.out.println("WorkQueueProperties: schedules = " + SHIFTS * NAMES + ", acknowledged: " + acknowledged
                + ", redelivered: " + redelivered + ", given back: " + givenBack + ", forgotten: " + forgotten
                + ", lost: " + lost + ", unknown: " + unknown + ", deaths: " + deaths + ", dead letters: " + dead);
        assertThat(List.of(acknowledged, redelivered, givenBack, forgotten, lost, deaths, dead))
                .allMatch(count -> count.get() > 10);
        assertThat(Mishap.caused().values()).allMatch(count -> count.get() > 10);
    }

    /** Each try is a schedule for each of several queues, which the same consumers use at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void anySchedule_everyItemIsAcknowledgedOnce_orDead_orThere(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int known = Server.embeddedEtcd().log().size();
        List<Trial> trials =
                Stream.generate(() -> new Trial(random.nextLong())).limit(NAMES).toList();
        atOnce(trials.stream().flatMap(Trial::clients));
        consumers.forEach(consumer -> consumer.peer.faults.clear());
        trials.forEach(Trial::awaitHealed);
        atOnce(trials.stream().map(trial -> trial::finish));
        List<Commit> log = Server.embeddedEtcd().logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    private static void atOnce(Stream<Runnable> clients) {
        clients.map(client -> CompletableFuture.runAsync(client, threads))
                .toList()
                .forEach(CompletableFuture::join);
    }

    /** What a client was told of a delivery, and then of its acknowledgement if it asked for that. */
    private record Told(String value, long attempt, long revision, Optional<Boolean> acknowledged) {}

    /** One queue, and some who offer, work, fail and die. */
    private static final class Trial {
        private final String name = Server.freshName();
        private final long seed;
        private final Queue<Told> told = new ConcurrentLinkedQueue<>();
        private final Queue<String> offered = new ConcurrentLinkedQueue<>();
        private final AtomicInteger items = new AtomicInteger();

        Trial(long seed) {
            this.seed = seed;
        }

        private WorkQueue<String> queue(Consumer consumer) {
            return WorkQueue.builder(consumer.sessions, name, Codec.utf8())
                    .maxAttempts(MAX_ATTEMPTS)
                    .timeLimit(TIME_LIMIT)
                    .build();
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, CLIENTS).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                Consumer consumer = consumers.get(random.nextInt(consumers.size()));
                WorkQueue<String> queue = queue(consumer);
                offer(queue, random);
                for (int i = 0; i < STEPS; i++) {
                    if (random.nextInt(3) == 0) {
                        Mishap.any(consumers.get(random.nextInt(consumers.size())).peer, random);
                    }
                    try {
                        step(queue, consumer, random);
                    } catch (SessionLostException | OutcomeUnknownException e) {
                        (e instanceof SessionLostException ? lost : unknown)
                                .incrementAndGet(); // the item is delivered again, or the offer was made or not
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            });
        }

        private void step(WorkQueue<String> queue, Consumer consumer, Random random) throws InterruptedException {
            if (random.nextInt(4) == 0) {
                offer(queue, random);
                return;
            }
            Optional<Delivery<String>> next = random.nextBoolean()
                    ? queue.receive(Duration.ofMillis(random.nextInt(40)))
                    : cancelled(queue.receiveAsync(), random);
            if (next.isPresent()) {
                work(next.get(), consumer, random);
            }
        }

        private void offer(WorkQueue<String> queue, Random random) {
            List<String> some = IntStream.rangeClosed(0, random.nextInt(3))
                    .mapToObj(i -> "item" + items.incrementAndGet())
                    .toList();
            if (queue.offerAll(some)) {
                offered.addAll(some);
            }
        }

        private static Optional<Delivery<String>> cancelled(CompletableFuture<Delivery<String>> future, Random random) {
            return future.completeOnTimeout(null, random.nextInt(40), TimeUnit.MILLISECONDS)
                    .handle((delivery, failure) -> Optional.ofNullable(delivery))
                    .join();
        }

        private void work(Delivery<String> delivery, Consumer consumer, Random random) {
            Optional<Boolean> acked = Optional.empty();
            switch (random.nextInt(16)) {
                case 0, 1 -> count(givenBack, delivery.nack(Duration.ZERO));
                case 2 -> count(givenBack, delivery.nack(Duration.ofMillis(random.nextInt(5)), "why"));
                case 3 -> count(givenBack, delivery.release());
                case 4 -> count(forgotten, true);
                case 5 -> {
                    consumer.dies(random.nextBoolean());
                    acked = ack(delivery);
                }
                default -> acked = ack(delivery);
            }
            told.add(new Told(
                    delivery.value(), delivery.attempt(), delivery.token().revision(), acked));
            count(redelivered, delivery.attempt() > 1);
        }

        private static void count(AtomicInteger counter, boolean really) {
            counter.addAndGet(really ? 1 : 0);
        }

        private Optional<Boolean> ack(Delivery<String> delivery) {
            try {
                boolean done = delivery.ack(txn -> txn.put(
                        name + "-done/" + delivery.value(),
                        String.valueOf(delivery.token().revision())));
                count(acknowledged, done);
                count(lost, !done);
                return Optional.of(done);
            } catch (RecipeException e) {
                return Optional.empty();
            }
        }

        /** What nobody works on any more is nobody's soon, though those who had it live. */
        void awaitHealed() {
            await(name)
                    .untilAsserted(
                            () -> assertThat(queue(consumers.get(0)).state().inFlight())
                                    .isZero());
        }

        /** What is there can be had. */
        void finish() {
            try {
                WorkQueue<String> queue = queue(consumers.get(0));
                while (finishOne(queue) || queue.state().depth() > 0) {}
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private boolean finishOne(WorkQueue<String> queue) throws InterruptedException {
            try {
                Optional<Delivery<String>> next = queue.receive(Duration.ofMillis(20));
                if (next.isPresent()) {
                    next.get().ack(txn -> txn.put(name + "-done/" + next.get().value(), "in the end"));
                }
                return next.isPresent();
            } catch (OutcomeUnknownException e) { // on a busy machine
                return true;
            }
        }

        void judge(List<Commit> log) {
            WorkHistory history = new WorkHistory(name, log);
            assertThat(history.offered()).as("none that was offered is lost").containsAll(offered);
            assertThat(history.there()).isEmpty();
            List<String> ends = new ArrayList<>(history.done().keySet());
            ends.addAll(history.dead());
            assertThat(ends).as("done once, or dead").containsExactlyInAnyOrderElementsOf(history.offered());
            for (Told each : told) {
                assertThat(history.deliveryAt(each.value(), each.revision()))
                        .as("%s: %s", name, each)
                        .isEqualTo((int) each.attempt());
                assertThat(each.attempt()).isBetween(1L, (long) MAX_ATTEMPTS);
                boolean isDone =
                        String.valueOf(each.revision()).equals(history.done().get(each.value()));
                each.acknowledged()
                        .ifPresent(done ->
                                assertThat(isDone).as("%s: %s", name, each).isEqualTo(done));
            }
            history.dead()
                    .forEach(value -> assertThat(history.deliveriesOf(value))
                            .as("deliveries of %s, which is dead", value)
                            .isGreaterThanOrEqualTo(MAX_ATTEMPTS)); // more if some came for nobody
            dead.addAndGet(history.dead().size());
        }
    }
}
