/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.assertEndsInTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a latch promises, whatever server is behind it. */
abstract class LatchContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedLatch mine = here.latch(name, 2);
    private final DistributedLatch theirs = there.latch(name, 2);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void await_anyNumber_passWhenAllAreCountedAndEverAfter() throws Exception {
        List<Future<Boolean>> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            DistributedLatch latch = i % 2 == 0 ? mine : theirs;
            waiting.add(threads.start(() -> latch.await(LONG)));
        }
        CompletableFuture<Void> async = theirs.awaitAsync();
        assertThat(mine.count()).isEqualTo(2);
        assertThat(mine.countDown("a")).isTrue();
        assertThat(mine.count()).isEqualTo(1);
        assertThat(async).isNotDone();
        assertThat(soon(theirs.countDownAsync("b"))).isTrue();
        soon(async);
        for (Future<Boolean> each : waiting) {
            assertThat(soon(each)).isTrue();
        }
        mine.await();
        assertThat(theirs.await(Duration.ZERO)).isTrue();
        assertThat(theirs.count()).isZero();
        assertThat(theirs.countDown("c")).isTrue();
        assertThat(theirs.count()).isZero();
        assertThat(here.latch(name + "-0", 0).await(Duration.ZERO)).isTrue();
    }

    @Test
    void countDown_ofTheSameId_countsOnceWhoeverDoesIt() throws Exception {
        assertThat(mine.countDown("a")).isTrue();
        assertThat(mine.countDown("a")).isFalse();
        assertThat(theirs.countDown("a")).isFalse();
        assertThat(theirs.count()).isEqualTo(1);
        assertThat(mine.await(Duration.ofMillis(20))).isFalse();
        Thread.currentThread().interrupt();
        assertThat(mine.countDown("b/../ \u00e4\n")).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        mine.await();
    }

    @Test
    void countDown_byOneThatDies_staysCounted() throws Exception {
        try (Party dying = server.join()) {
            assertThat(dying.latch(name, 2).countDown("a")).isTrue();
        }
        assertThat(mine.countDown("b")).isTrue();
        theirs.await();
    }

    @Test
    void await_endedEarly_endsInTime() throws Exception {
        for (int millis : new int[] {-1, 0, 60}) {
            Duration timeout = Duration.ofMillis(millis);
            assertEndsInTime(timeout, () -> assertThat(mine.await(timeout)).isFalse());
        }
        Future<Boolean> waiting = threads.start(() -> mine.await(LONG));
        CompletableFuture<Void> cancelled = mine.awaitAsync();
        assertThat(mine.await(Duration.ofMillis(20))).isFalse();
        threads.interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(InterruptedException.class);
        assertThat(cancelled.cancel(false)).isTrue();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::await);
    }

    @Test
    void count_anotherOne_isRefusedNamingBoth() {
        assertThat(mine.countDown("a")).isTrue();
        DistributedLatch other = there.latch(name, 3);
        for (ThrowingCallable use : List.<ThrowingCallable>of(other::await, other::count, () -> other.countDown("b"))) {
            assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(use)
                    .withMessageContaining("count of 3")
                    .withMessageContaining("with 2");
        }
        assertThat(mine.count()).isEqualTo(1);
    }

    @Test
    void delete_failsWhoWaitsAndRemovesAll() throws Exception {
        assertThat(mine.countDown("a")).isTrue();
        CompletableFuture<Void> waiting = theirs.awaitAsync();
        there.awaitAnswers();
        assertThat(theirs.await(Duration.ofMillis(20))).isFalse();
        mine.delete();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("deleted");
        assertThat(server.keys(name)).isEmpty();
        assertThat(mine.count()).isEqualTo(2);
        DistributedLatch other = here.latch(name, 1);
        assertThat(other.await(Duration.ZERO)).isFalse();
        assertThat(other.countDown("a")).isTrue();
        other.await();
        other.delete();
        other.delete();
        assertThat(server.keys(name)).isEmpty();
    }

    /** The view that stays from the use before shows the latch that was deleted. */
    @Test
    void delete_unseen_nobodyGoesByTheOldOne() throws Exception {
        assertThat(mine.countDown("a")).isTrue();
        assertThat(mine.countDown("b")).isTrue();
        mine.await();
        CallFault unseen = here.loseSightOfChanges();
        theirs.delete();
        assertThat(theirs.countDown("a")).isTrue();
        assertThat(mine.await(Duration.ofMillis(60))).isFalse();
        assertThat(mine.countDown("b")).isTrue();
        assertThat(theirs.await(LONG)).isTrue();
        unseen.stop();
    }

    @Test
    void countDown_answerLost_isTheFirstOfItsIdAllTheSame() throws Exception {
        CallFault lost = here.faults.loseNextReply(CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut()
                                        .getKey()
                                        .toStringUtf8()
                                        .contains("/down/"))));
        assertThat(mine.countDown("a")).isTrue();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(theirs.countDown("a")).isFalse();
    }

    @Test
    void connection_closed_failsWhoWaitsAtOnce() {
        CompletableFuture<Void> waiting = mine.awaitAsync();
        here.connection.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(mine::await).withMessageContaining("closed");
    }

    @Test
    void badInput_isRefused() {
        for (int bad : new int[] {-1, 1_000_001}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.latch(name, bad))
                    .withMessageContaining(" " + bad + ":");
        }
        for (String bad : List.of("", "/a", "a//b")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.latch(bad, 1))
                    .withMessageContaining("'" + bad + "'");
        }
        for (String bad : List.of("", "x".repeat(1025))) {
            assertThatIllegalArgumentException().isThrownBy(() -> mine.countDown(bad));
        }
        assertThatNullPointerException()
                .isThrownBy(() -> mine.countDown(nothing()))
                .withMessageContaining("id");
        for (String foreign : List.of("note", "count")) {
            server.put(name + "/" + foreign, "mine");
            await().untilAsserted(() -> assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(() -> mine.await(LONG))
                    .withMessageContaining("'" + name + "/" + foreign + "'"));
            server.delete(name + "/" + foreign);
        }
        await().ignoreExceptions().until(() -> mine.countDown("a"));
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
