/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Those who wait for room in a queue that is full, whatever server is behind it. */
abstract class RoomContract {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final String name = Server.freshName();
    private final Threads threads = new Threads();
    private Peer here;
    private Peer there;
    private DistributedQueue<String> queue;
    private DistributedQueue<String> theirs;

    abstract Server server();

    @BeforeEach
    void open() {
        here = server().peer();
        there = server().peer();
        queue = queue(here);
        theirs = queue(there);
    }

    private DistributedQueue<String> queue(Peer by) {
        return DistributedQueue.builder(by.session(), name, Codec.utf8())
                .capacity(2)
                .build();
    }

    @AfterEach
    void close() {
        threads.close();
        here.close();
        there.close();
    }

    private void fill() {
        assertThat(queue.offerAll(List.of("1", "2"))).isTrue();
    }

    /** That asks whether there is room. */
    private static CallMatcher counting() {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestRange().getCountOnly()));
    }

    /** Until it has been told that there is no room. */
    private Future<Boolean> waiting(DistributedQueue<String> by, Peer peer, String item) {
        long before = peer.log.counts().unaryCalls("KV/Txn");
        Future<Boolean> offer = threads.start(() -> by.offer(item, LONG));
        Awaitility.await()
                .until(() -> peer.log.counts().unaryCalls("KV/Txn") > before + 1
                        && peer.log.counts().unaryCallsOpen() == 0);
        return offer;
    }

    @Test
    void offer_full_waitsUntilAnotherProcessTakes() throws Exception {
        fill();
        assertThat(queue.offer("3")).isFalse();
        Future<Boolean> third = waiting(queue, here, "3");
        assertThat(third).isNotDone();
        assertThat(theirs.take()).isEqualTo("1");
        assertThat(third.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(theirs.take() + theirs.take()).isEqualTo("23");
    }

    /** The item went after etcd had said that there is no room, and before that was heard. */
    @Test
    void offer_roomIsMadeWhileItHearsThatThereIsNone_isPut() throws Exception {
        fill();
        CallFault full = here.faults.next(counting()).holdReply();
        Future<Boolean> third = threads.start(() -> queue.offer("3", LONG));
        full.landed().get(10, TimeUnit.SECONDS);
        long known = here.log.counts().watchEvents();
        assertThat(theirs.take()).isEqualTo("1");
        Awaitility.await().until(() -> here.log.counts().watchEvents() > known);
        full.release();
        assertThat(third.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void offer_timeout_putsNothing() throws Exception {
        fill();
        long start = System.nanoTime();
        assertThat(queue.offer("3", Duration.ofMillis(80))).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(80), Duration.ofSeconds(5));
        assertThat(queue.offer("3", Duration.ZERO)).isFalse();
        assertThat(queue.offer("3", Duration.ofMillis(-1))).isFalse();
        assertThat(theirs.take() + theirs.take()).isEqualTo("12");
        assertThat(theirs.poll()).isEmpty();
    }

    /** The time is over while etcd is asked whether there is room. */
    @Test
    void offer_timeoutWhileItTries_putsNothing() throws Exception {
        fill();
        CallFault late = here.faults.next(counting()).delay(Duration.ofMillis(150));
        assertThat(queue.offer("3", Duration.ofMillis(80))).isFalse();
        assertThat(late.hit()).isDone();
        assertThat(theirs.take() + theirs.take()).isEqualTo("12");
        assertThat(theirs.poll()).isEmpty();
    }

    @Test
    void offer_interrupted_putsNothing() throws Exception {
        fill();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        Future<Boolean> third = threads.start(() -> {
            thread.complete(Thread.currentThread());
            return queue.offer("3", LONG);
        });
        thread.get(10, TimeUnit.SECONDS).interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> third.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(InterruptedException.class);
        assertThat(theirs.take() + theirs.take()).isEqualTo("12");
        assertThat(theirs.poll()).isEmpty();
    }

    @Test
    void offer_sessionClosed_isTold() throws Exception {
        fill();
        Future<Boolean> third = waiting(queue, here, "3");
        here.session().close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> third.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(SessionLostException.class);
    }

    /** What goes while the answer "full" is on its way wakes it up all the same. */
    @Test
    void offer_itemGoesMeanwhile_isNotMissed() throws Exception {
        fill();
        Future<Boolean> third = waiting(queue, here, "3");
        assertThat(theirs.take()).isEqualTo("1");
        assertThat(third.get(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 4; i < 20; i++) {
            String item = String.valueOf(i);
            CallFault late = here.faults.next(Party.offersOf(name)).delay(Duration.ofMillis(i));
            Future<Boolean> next = threads.start(() -> queue.offer(item, LONG));
            assertThat(theirs.take()).isEqualTo(String.valueOf(i - 2));
            assertThat(next.get(10, TimeUnit.SECONDS))
                    .as("%s after %s", item, late)
                    .isTrue();
        }
    }

    @Test
    void put_manyInTwoProcesses_allGetInAndTheCapacityHolds() throws Exception {
        List<Future<Boolean>> puts = new ArrayList<>();
        Set<String> wanted = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            String item = "item " + i;
            wanted.add(item);
            BlockingQueue<String> by = (i % 2 == 0 ? queue : theirs).asBlockingQueue();
            puts.add(threads.start(() -> {
                by.put(item);
                return true;
            }));
        }
        Set<String> taken = new HashSet<>();
        while (taken.size() < wanted.size()) {
            assertThat(queue.size()).isLessThanOrEqualTo(2);
            assertThat(taken.add(queue.poll(LONG).orElseThrow())).isTrue();
        }
        assertThat(taken).isEqualTo(wanted);
        for (Future<Boolean> put : puts) {
            assertThat(put.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void offer_anotherCapacity_isRefusedAtOnce() {
        fill();
        DistributedQueue<String> other = DistributedQueue.builder(there.session(), name, Codec.utf8())
                .capacity(5)
                .build();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> other.offer("3", LONG))
                .withMessageContaining("capacity is 2, not 5");
    }
}
