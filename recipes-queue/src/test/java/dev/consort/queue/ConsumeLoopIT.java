/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** How the loop of a work queue ends. */
@Execution(ExecutionMode.CONCURRENT) // two of them wait for 10 s
class ConsumeLoopIT {
    private final Server server = Server.embedded();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final Queue<String> ended = new ConcurrentLinkedQueue<>();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
        await().untilAsserted(() -> assertThat(workers()).isEmpty());
    }

    private List<String> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(thread -> thread.startsWith("consort-work-" + name + "-"))
                .sorted()
                .toList();
    }

    private void handle(Delivery<String> delivery) throws InterruptedException {
        started.countDown();
        try {
            go.await();
            ended.add(delivery.value());
        } catch (InterruptedException e) {
            ended.add("interrupted " + delivery.value());
            throw e;
        }
    }

    private Consumption busy(int concurrency) throws InterruptedException {
        theirs.offer("a");
        Consumption loop = mine.consume(concurrency, this::handle);
        started.await();
        return loop;
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Test
    void drain_waitsForWhatRuns_andTakesNoMore() throws Exception {
        Consumption loop = busy(3);
        assertThat(workers()).hasSize(3);
        assertThat(loop.counts()).isEqualTo(new Consumption.Counts(1, 0, 0, 0, 1));
        Future<Boolean> draining = threads.start(() -> loop.drain(Duration.ofSeconds(Long.MAX_VALUE)));
        await().untilAsserted(() -> assertThat(workers()).hasSize(1));
        theirs.offer("b");
        assertThat(theirs.receive(Work.SOON).orElseThrow().value()).isEqualTo("b");
        assertThat(draining).isNotDone();
        go.countDown();
        assertThat(Party.soon(draining)).isTrue();
        assertThat(ended).containsExactly("a");
        assertThat(server.values(name)).containsExactly("b");
        assertThat(loop.counts()).isEqualTo(new Consumption.Counts(1, 0, 1, 0, 0));
        loop.close();
        assertThat(loop.drain(Duration.ZERO)).isTrue();
    }

    @Test
    void drain_timeout_interruptsWhatRuns_andGivesItBack() throws Exception {
        Consumption loop = busy(1);
        long start = System.nanoTime();
        assertThat(loop.drain(Duration.ofMillis(200))).isFalse();
        assertThat(since(start)).isBetween(Duration.ofMillis(200), Duration.ofSeconds(2));
        Work.next(theirs, "a", 2);
        assertThat(ended).containsExactly("interrupted a");
        assertThat(loop.drain(Work.SOON)).isTrue();
    }

    @Test
    void drain_interrupted_interruptsWhatRuns() throws Exception {
        Consumption loop = busy(1);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> loop.drain(Work.SOON));
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        Work.next(theirs, "a", 2);
        assertThat(ended).containsExactly("interrupted a");
    }

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void drain_badTimeout_isRefused_andItGoesOn() throws Exception {
        Consumption loop = busy(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> loop.drain(Duration.ofMillis(-1)))
                .withMessageContaining(name)
                .withMessageContaining("PT-0.001S");
        assertThatNullPointerException().isThrownBy(() -> loop.drain(null)).withMessage("timeout");
        go.countDown();
        theirs.offer("b");
        await().untilAsserted(() -> assertThat(ended).containsExactly("a", "b"));
        loop.close();
    }

    @Test
    void close_isIdempotent_andKeepsTheInterruptFlag() throws Exception {
        Consumption loop = mine.consume(4, this::handle);
        Work.inLine(server, name, here);
        long start = System.nanoTime();
        loop.close();
        loop.close();
        assertThat(since(start)).isLessThan(Duration.ofSeconds(2));
        await().untilAsserted(() -> assertThat(workers()).isEmpty());
        await().untilAsserted(() -> assertThat(Work.card(server, name, here)).matches("\\d+ 0 \\d+"));
        Consumption next = mine.consume(1, this::handle);
        Thread.currentThread().interrupt();
        next.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(theirs.offer("a")).isTrue();
        assertThat(Work.next(theirs).value()).isEqualTo("a");
    }

    /** Also of those who are about to say how it went. */
    @Test
    void close_etcdDead_isBounded() throws Exception {
        Consumption loop = busy(3);
        here.faults.every(CallMatcher.any()).hangRequest();
        go.countDown();
        await().untilAsserted(() -> assertThat(ended).containsExactly("a"));
        long start = System.nanoTime();
        loop.close();
        assertThat(since(start)).isLessThan(Duration.ofSeconds(7)); // the request timeout of the acknowledgement
        await().untilAsserted(() -> assertThat(workers()).isEmpty());
    }

    @Test
    void close_withoutASession_isBounded() throws Exception {
        try (SessionFactory sessions =
                SessionFactory.of(Session.builder(here.connection).ttl(Duration.ofSeconds(2)))) {
            here.faults.every(CallMatcher.any()).loseRequest();
            Consumption loop =
                    WorkQueue.builder(sessions, name, Codec.utf8()).build().consume(2, this::handle);
            await().untilAsserted(() -> assertThat(loop.lastFailure()).isPresent());
            long start = System.nanoTime();
            loop.close();
            assertThat(since(start)).isLessThan(Duration.ofSeconds(11));
            here.faults.clear();
        }
    }
}
