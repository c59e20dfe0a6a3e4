/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F26: elsewhere a loop dies silently on what user code throws, or on what etcd refuses for a while. */
@Execution(ExecutionMode.CONCURRENT)
class F26_LoopSurvivesItsHandlerIT {
    private final Server server = Server.embedded();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private void awaitDone() {
        await().untilAsserted(() -> assertThat(server.items(name)).isEmpty());
    }

    @Test
    void whateverIsThrown_isCounted_andTheItemComesAgainLater() throws Exception {
        Queue<String> handled = new ConcurrentLinkedQueue<>();
        AtomicReference<Thread> thread = new AtomicReference<>();
        theirs.offerAll(List.of("exception", "error", "interrupt", "flag", "fine"));
        long start = System.nanoTime();
        try (Consumption loop = mine.consume(1, delivery -> {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            thread.set(Thread.currentThread());
            handled.add(delivery.value() + delivery.attempt());
            if (delivery.attempt() == 1) {
                switch (delivery.value()) {
                    case "exception" -> throw new java.io.IOException("by the test");
                    case "error" -> throw new NoClassDefFoundError("by the test");
                    case "interrupt" -> throw new InterruptedException("by the test");
                    case "flag" -> Thread.currentThread().interrupt();
                    default -> {}
                }
            }
        })) {
            awaitDone();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(490));
            assertThat(handled)
                    .startsWith("exception1", "error1", "interrupt1", "flag1", "fine1")
                    .endsWith("exception2", "error2", "interrupt2")
                    .hasSize(8);
            await().untilAsserted(() -> assertThat(loop.counts()).isEqualTo(new Consumption.Counts(8, 3, 5, 3, 0)));
            assertThat(loop.lastFailure()).containsInstanceOf(InterruptedException.class);
        }
        Thread worker = Objects.requireNonNull(thread.get());
        assertThat(worker.getName()).contains("consort-work").contains(name);
        assertThat(worker.isDaemon()).isTrue();
        await().until(() -> !worker.isAlive());
    }

    @Test
    void handlerThatAlwaysFails_makesADeadLetterThatSaysWhy() {
        WorkQueue<String> twice = Work.builder(here, name).maxAttempts(2).build();
        theirs.offerAll(List.of("bad", "good"));
        try (Consumption loop = twice.consume(2, delivery -> {
            if (delivery.value().equals("bad")) {
                throw new UnsupportedOperationException("too hard");
            }
        })) {
            awaitDone();
            DeadLetter letter = twice.deadLetters().list(1).get(0);
            assertThat(letter.reason())
                    .contains("UnsupportedOperationException")
                    .contains("too hard");
            assertThat(letter.attempts()).isEqualTo(2);
            await().untilAsserted(() -> assertThat(loop.counts()).isEqualTo(new Consumption.Counts(3, 1, 1, 2, 0)));
        }
    }

    /** What the handler does about its delivery counts. */
    @Test
    void handlerThatEndsItsDelivery_isLeftToIt() throws Exception {
        theirs.offerAll(List.of("acks", "gives back", "async"));
        try (Consumption loop = mine.consume(1, delivery -> {
            switch (delivery.value()) {
                case "acks" ->
                    assertThat(delivery.ack(txn -> txn.put(name + "-done", "yes")))
                            .isTrue();
                case "async" -> {
                    var unused = delivery.ackAsync();
                }
                default -> {
                    if (delivery.attempt() == 1) {
                        assertThat(delivery.nack(Duration.ofMillis(50))).isTrue();
                    }
                }
            }
        })) {
            awaitDone();
            await().untilAsserted(() -> assertThat(loop.counts()).isEqualTo(new Consumption.Counts(4, 1, 3, 0, 0)));
            assertThat(loop.lastFailure()).isEmpty();
        }
        assertThat(server.text(name + "-done")).isEqualTo("yes");
    }

    @Test
    void noMoreItemsAtATimeThanAsked() throws Exception {
        int items = 40;
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);
        try (Consumption loop = mine.consume(3, delivery -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            three.countDown();
            assertThat(three.await(10, TimeUnit.SECONDS)).isTrue();
            running.decrementAndGet();
        })) {
            for (int i = 0; i < items; i++) {
                theirs.offer("i");
            }
            awaitDone();
            await().untilAsserted(() -> assertThat(loop.counts().acknowledged()).isEqualTo(items));
            assertThat(most).hasValue(3);
        }
    }

    /** Etcd does not confirm an acknowledgement in time: that is no failure of the handler's. */
    @Test
    void ackThatIsNotConfirmed_isNoFailureOfTheHandler_andItGoesOn() throws Exception {
        AtomicInteger handled = new AtomicInteger();
        CallFault silent = here.faults.every(Work.endings(name)).hangRequest();
        theirs.offer("a");
        try (Consumption loop = mine.consume(1, delivery -> handled.incrementAndGet())) {
            await().untilAsserted(() -> assertThat(loop.lastFailure()).isPresent());
            assertThat(loop.counts().failed()).isZero();
            silent.stop();
            theirs.offer("b");
            awaitDone();
            assertThat(handled).hasValue(2);
        }
    }

    // Losing

    /** It is not counted as acknowledged, nor does the handler's success undo that it is delivered again. */
    @Test
    void deliveryTakenAway_isNotAcknowledged_andTheItemComesAgain() throws Exception {
        CountDownLatch started = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        Queue<String> ended = new ConcurrentLinkedQueue<>();
        theirs.offerAll(List.of("a", "b"));
        try (Consumption loop = mine.consume(2, delivery -> {
            if (delivery.attempt() > 1) {
                ended.add("again " + delivery.value());
                return;
            }
            started.countDown();
            try {
                assertThat(go.await(10, TimeUnit.SECONDS)).isTrue();
                ended.add("done " + delivery.value());
            } catch (InterruptedException e) {
                ended.add("lost " + delivery.value());
            }
        })) {
            assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
            server.delete(server.holds(name).get(0));
            go.countDown();
            awaitDone();
            await().untilAsserted(() -> assertThat(loop.counts()).isEqualTo(new Consumption.Counts(3, 1, 2, 0, 0)));
        }
        assertThat(ended).containsExactlyInAnyOrder("done a", "done b", "again a");
    }

    @Test
    void sessionOfAFactoryIsLost_handlersAreInterrupted_andItGoesOnWithTheNext() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<String> first = new AtomicReference<>();
        Queue<String> handled = new ConcurrentLinkedQueue<>();
        try (SessionFactory sessions = SessionFactory.of(Session.builder(here.connection));
                Consumption loop = WorkQueue.builder(sessions, name, Codec.utf8())
                        .build()
                        .consume(2, delivery -> {
                            if (delivery.attempt() == 1 && delivery.value().equals("a")) {
                                started.countDown();
                                try {
                                    new CountDownLatch(1).await();
                                } catch (InterruptedException e) {
                                    first.set("interrupted");
                                    throw e;
                                }
                            }
                            handled.add(delivery.value() + delivery.attempt());
                        })) {
            theirs.offer("a");
            assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
            Session before = sessions.session();
            server.revoke(before.leaseId());
            awaitDone();
            assertThat(first).hasValue("interrupted");
            theirs.offer("b");
            awaitDone();
            assertThat(handled).containsExactly("a2", "b1");
            assertThat(sessions.session()).isNotSameAs(before);
            assertThat(loop.counts().redelivered()).isEqualTo(1);
        }
    }

    @Test
    void timeLimit_interruptsTheHandler_andTheItemComesAgain() {
        WorkQueue<String> hasty =
                Work.builder(here, name).timeLimit(Duration.ofMillis(150)).build();
        Queue<String> handled = new ConcurrentLinkedQueue<>();
        theirs.offer("a");
        try (Consumption loop = hasty.consume(1, delivery -> {
            handled.add("attempt " + delivery.attempt());
            if (delivery.attempt() == 1) {
                new CountDownLatch(1).await();
            }
        })) {
            awaitDone();
            assertThat(handled).containsExactly("attempt 1", "attempt 2");
            assertThat(loop.counts().failed()).isEqualTo(1);
        }
    }

    /** Etcd refuses everything for a while: it tries again. */
    @Test
    void queueThatCannotBeRead_isTriedAgain() {
        CallFault refused = here.faults.every(CallMatcher.method("KV/Txn")).loseRequest();
        try (Consumption loop = mine.consume(1, delivery -> {})) {
            await().until(() -> refused.hits() > 2);
            assertThat(loop.lastFailure()).isEmpty(); // the engine tries again by itself
            refused.stop();
            theirs.offer("a");
            awaitDone();
        }
    }

    /** Whatever a user's own factory throws. */
    @Test
    void factoryThatThrows_isAskedAgain_untilThereWillNeverBeASession() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger failing = new AtomicInteger(2);
        SessionFactory own = new SessionFactory() {
            @Override
            public Session session() {
                asked.incrementAndGet();
                if (failing.getAndDecrement() > 0) {
                    throw failing.get() > 0
                            ? new UnsupportedOperationException("by the test")
                            : new java.util.NoSuchElementException("by the test");
                }
                return here.session();
            }

            @Override
            public void close() {}
        };
        theirs.offer("a");
        WorkQueue<String> queue = WorkQueue.builder(own, name, Codec.utf8()).build();
        try (Consumption loop = queue.consume(1, delivery -> {})) {
            awaitDone();
            assertThat(asked.get()).isGreaterThan(2);
            assertThat(loop.lastFailure()).containsInstanceOf(java.util.NoSuchElementException.class);
        }
        SessionFactory closed = SessionFactory.of(Session.builder(here.connection));
        closed.close();
        try (Consumption loop =
                WorkQueue.builder(closed, name, Codec.utf8()).build().consume(2, delivery -> {})) {
            await().untilAsserted(() -> assertThat(loop.lastFailure()).containsInstanceOf(IllegalStateException.class));
            assertThat(loop.drain(Duration.ofSeconds(5))).isTrue();
        }
    }
}
