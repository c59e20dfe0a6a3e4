/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** F27: elsewhere a wait cannot be ended, or its end loses what came at that very moment. */
@Isolated("measures how long etcd takes to say what came")
class F27_CancelledReceiveIT {
    private final Server server = Server.embedded();
    private final Peer here = server.peer(Timing.system()); // it is told in time, whatever etcd says
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    /** What a call in a thread of its own came to, and whether that thread had its interrupt flag set then. */
    private record Ended(Optional<Delivery<String>> delivery, boolean flag) {}

    private static final class Receiver {
        private final FutureTask<Ended> task;
        private final Thread thread;

        Receiver(Callable<Optional<Delivery<String>>> call) {
            task = new FutureTask<>(() -> {
                try {
                    Optional<Delivery<String>> delivery = call.call();
                    return new Ended(delivery, Thread.currentThread().isInterrupted());
                } catch (InterruptedException e) {
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    return new Ended(Optional.empty(), true);
                }
            });
            thread = new Thread(task, "receiver");
            thread.setDaemon(true);
            thread.start();
        }

        Ended interrupted() throws Exception {
            thread.interrupt();
            return task.get(10, TimeUnit.SECONDS);
        }
    }

    private void assertNobodyWaits() throws Exception {
        theirs.offer("after");
        Delivery<String> after = Work.next(theirs);
        assertThat(after.value()).isEqualTo("after");
        assertThat(after.attempt()).isEqualTo(1);
        assertThat(after.ack()).isTrue();
    }

    @Test
    void interrupt_endsTheWait_andTakesNothing() throws Exception {
        Receiver receiver = new Receiver(() -> Optional.of(mine.receive()));
        Work.inLine(server, name, here);
        assertThat(receiver.interrupted().delivery()).isEmpty();
        Receiver timed = new Receiver(() -> mine.receive(Duration.ofHours(1)));
        await().until(() -> timed.thread.getState() == Thread.State.TIMED_WAITING);
        assertThat(timed.interrupted().delivery()).isEmpty();
        assertNobodyWaits();
    }

    @Test
    void interruptBefore_isNoticedBeforeAnythingIsTaken() throws Exception {
        mine.offer("a");
        Receiver receiver = new Receiver(() -> {
            Thread.currentThread().interrupt();
            return Optional.of(mine.receive());
        });
        assertThat(receiver.task.get(10, TimeUnit.SECONDS).delivery()).isEmpty();
        Receiver timed = new Receiver(() -> {
            Thread.currentThread().interrupt();
            return mine.receive(Duration.ZERO);
        });
        assertThat(timed.task.get(10, TimeUnit.SECONDS).delivery()).isEmpty();
        Work.next(theirs, "a", 1);
    }

    /** It came all the same: it is returned, and the flag is set. */
    @Test
    void interrupt_asAnItemIsTaken_returnsItWithTheFlagSet() throws Exception {
        mine.offer("a");
        CallFault held = here.faults.next(Work.claims(name)).hold();
        Receiver receiver = new Receiver(() -> Optional.of(mine.receive()));
        Party.soon(held.hit());
        receiver.thread.interrupt();
        held.release();
        Ended ended = receiver.task.get(10, TimeUnit.SECONDS);
        assertThat(ended.delivery()).isPresent();
        assertThat(ended.flag()).isTrue();
        assertThat(ended.delivery().get().ack()).isTrue();
        assertNobodyWaits();
    }

    /** Etcd does not answer: the wait ends in time, and what it took unawares is given back. */
    @Test
    void interrupt_whileEtcdIsSilent_isBounded_andTheItemComesBack() throws Exception {
        mine.offer("a");
        CallFault held = here.faults.next(Work.claims(name)).hold();
        Receiver receiver = new Receiver(() -> Optional.of(mine.receive()));
        Party.soon(held.hit());
        long start = System.nanoTime();
        assertThat(receiver.interrupted().delivery()).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        held.release();
        Party.soon(held.landed());
        assertThat(Work.next(theirs, "a", 2).ack()).isTrue();
        assertNobodyWaits();
    }

    @Test
    void timeout_whileEtcdIsSilent_isBounded_andTheItemComesBack() throws Exception {
        mine.offer("a");
        CallFault held = here.faults.next(Work.claims(name)).hold();
        long start = System.nanoTime();
        assertThatExceptionOfType(OutcomeUnknownException.class)
                .isThrownBy(() -> mine.receive(Duration.ofMillis(200)))
                .withMessageContaining(name);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        held.release();
        Party.soon(held.landed());
        assertThat(Work.next(theirs, "a", 2).ack()).isTrue();
        assertNobodyWaits();
    }

    /** Whether an item comes or the wait ends first, one of them is so for all. */
    @Test
    void endAtAnyMoment_losesNothing() throws Exception {
        Random random = new Random();
        int came = 0;
        for (int i = 0; i < 120; i++) {
            String value = String.valueOf(i);
            Receiver receiver = i % 3 == 0 ? new Receiver(() -> Optional.of(mine.receive())) : null;
            CompletableFuture<Delivery<String>> async = i % 3 == 1 ? mine.receiveAsync() : null;
            Receiver timed =
                    i % 3 == 2 ? new Receiver(() -> mine.receive(Duration.ofNanos(random.nextInt(4_000_000)))) : null;
            CompletableFuture<Boolean> offering = theirs.offerAsync(value);
            long until = System.nanoTime() + random.nextInt(4_000_000);
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            Optional<Delivery<String>> delivery = Optional.empty();
            if (receiver != null) {
                Ended ended = receiver.interrupted();
                delivery = ended.delivery();
            } else if (async != null) {
                async.cancel(false);
                delivery = cameBefore(async);
            } else if (timed != null) {
                delivery = timed.task.get(10, TimeUnit.SECONDS).delivery();
            }
            assertThat(Party.soon(offering)).isTrue();
            if (delivery.isPresent()) {
                came++;
                assertThat(delivery.get().value()).isEqualTo(value);
                assertThat(delivery.get().ack()).isTrue();
            } else {
                Delivery<String> next = Work.next(theirs);
                assertThat(next.value()).isEqualTo(value);
                assertThat(next.attempt()).isLessThanOrEqualTo(2);
                assertThat(next.ack()).isTrue();
            }
        }
        assertThat(came).as("items that came in time").isBetween(5, 115);
        assertThat(server.items(name)).isEmpty();
        assertThat(server.holds(name)).isEmpty();
        assertNobodyWaits();
    }

    private static Optional<Delivery<String>> cameBefore(CompletableFuture<Delivery<String>> async) {
        try {
            return Optional.of(async.join());
        } catch (CancellationException e) {
            return Optional.empty();
        }
    }

    /** However the future is completed by somebody else. */
    @Test
    void futureCompletedBySomebodyElse_takesNothing() throws Exception {
        CompletableFuture<Delivery<String>> late = mine.receiveAsync();
        Work.inLine(server, name, here);
        late.orTimeout(50, TimeUnit.MILLISECONDS);
        CompletableFuture<Delivery<String>> failed = mine.receiveAsync();
        assertThat(failed.completeExceptionally(new IllegalStateException("by the test")))
                .isTrue();
        assertThat(late).failsWithin(Work.SOON).withThrowableThat().withCauseInstanceOf(TimeoutException.class);
        Work.outOfLine(server, name, here);
        assertNobodyWaits();
    }

    /** One that takes what is there without waiting is told when etcd cannot be asked at all. */
    @Test
    void receiveWithoutWaiting_etcdDead_failsWithinTheRequestTimeout() {
        CallFault dead = here.faults.every(CallMatcher.method("KV/Txn")).hangRequest();
        long start = System.nanoTime();
        assertThatExceptionOfType(dev.consort.core.RecipeException.class)
                .isThrownBy(() -> mine.receive(Duration.ZERO))
                .withMessageContaining(name);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(7));
        dead.stop();
    }
}
