/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.assertEndsInTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.Barrier.Passage;
import dev.consort.core.Grant;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a barrier promises, whatever server is behind it. */
abstract class BarrierContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final Barrier mine = here.barrier(name);
    private final Barrier theirs = there.barrier(name);

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
    void await_heldByAnother_passesWhenItIsReleased() throws Exception {
        assertThat(mine.await()).isEqualTo(Passage.WAS_OPEN);
        Grant hold = theirs.tryHold().orElseThrow();
        Future<Passage> waiting = threads.start(mine::await);
        CompletableFuture<Passage> async = theirs.awaitAsync();
        for (int millis : new int[] {-1, 0, 60}) {
            Duration timeout = Duration.ofMillis(millis);
            assertEndsInTime(timeout, () -> assertThat(mine.await(timeout)).isEmpty());
        }
        assertThat(waiting).isNotDone();
        assertThat(async).isNotDone();
        assertThat(hold.release()).isTrue();
        assertThat(soon(waiting)).isEqualTo(Passage.RELEASED);
        assertThat(soon(async)).isEqualTo(Passage.RELEASED);
        assertThat(mine.await(Duration.ZERO)).contains(Passage.WAS_OPEN);
        assertThat(hold.release()).isFalse();
        assertThat(server.keys(name)).isEmpty();
    }

    @Test
    void await_holderEnds_passesAndSaysSo() throws Exception {
        for (int i = 0; i < 2; i++) {
            Party dying = server.join();
            Grant hold = dying.barrier(name).tryHold().orElseThrow();
            CompletableFuture<Passage> waiting = mine.awaitAsync();
            here.awaitAnswers();
            assertThat(mine.await(Duration.ofMillis(20))).isEmpty();
            if (i == 0) {
                server.revoke(dying.session.leaseId());
            } else {
                dying.session.close();
            }
            assertThat(soon(waiting)).isEqualTo(Passage.HOLDER_LOST);
            assertThat(hold.release()).isFalse();
            dying.close();
        }
    }

    @Test
    void await_ofOneHold_passesThoughTheNextFollowsAtOnce() throws Exception {
        Grant hold = theirs.tryHold().orElseThrow();
        CompletableFuture<Grant> nextHere = theirs.holdAsync();
        CompletableFuture<Passage> waiting = mine.awaitAsync();
        here.awaitAnswers();
        assertThat(mine.await(Duration.ofMillis(20))).isEmpty();
        assertThat(hold.release()).isTrue();
        assertThat(soon(waiting)).isEqualTo(Passage.RELEASED);
        Grant second = soon(nextHere);
        assertThat(second.token()).isGreaterThan(hold.token());
        assertThat(mine.await(Duration.ZERO)).isEmpty();
        assertThat(second.release()).isTrue();
    }

    /** The next one is in the queue by then, so at no revision does nobody hold it. */
    @Test
    void await_ofOneHold_passesThoughAnotherProcessHoldsItFromThenOn() throws Exception {
        try (Party third = server.join()) {
            Grant hold = theirs.tryHold().orElseThrow();
            CompletableFuture<Grant> next = third.barrier(name).holdAsync();
            server.awaitKeys(name, 2);
            CompletableFuture<Passage> waiting = mine.awaitAsync();
            here.awaitAnswers();
            assertThat(mine.await(Duration.ofMillis(20))).isEmpty();
            assertThat(hold.release()).isTrue();
            assertThat(soon(waiting)).isEqualTo(Passage.RELEASED);
            assertThat(soon(next).isHeld()).isTrue();
        }
    }

    /** The view that stays from the wait before does not know yet. */
    @Test
    void await_heldUnseen_doesNotPass() throws Exception {
        assertThat(mine.await()).isEqualTo(Passage.WAS_OPEN);
        CallFault unseen = here.loseSightOfChanges();
        Grant hold = theirs.tryHold().orElseThrow();
        assertThat(mine.await(Duration.ofMillis(60))).isEmpty();
        unseen.stop();
        assertThat(hold.release()).isTrue();
    }

    @Test
    void hold_byOneOnly_andReleasedByItOnly() throws Exception {
        Grant hold = mine.tryHold().orElseThrow();
        assertThat(theirs.tryHold()).isEmpty();
        assertThat(mine.tryHold()).isEmpty();
        assertThat(theirs.tryHold(Duration.ofMillis(20))).isEmpty();
        assertThat(hold.guard().txn().put(name + "-value", "held").commit()).isTrue();
        assertThat(hold.release()).isTrue();
        Grant next = theirs.tryHold(LONG).orElseThrow();
        assertThat(hold.release()).isFalse();
        assertThat(hold.guard().txn().put(name + "-value", "late").commit()).isFalse();
        assertThat(next.isHeld()).isTrue();
        assertThat(mine.await(Duration.ZERO)).isEmpty();
        next.close();
    }

    @Test
    void await_endedEarly_leavesNothing() throws Exception {
        Grant hold = theirs.tryHold().orElseThrow();
        Future<Passage> waiting = threads.start(mine::await);
        here.awaitAnswers();
        assertThat(mine.await(Duration.ofMillis(20))).isEmpty();
        threads.interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(InterruptedException.class);
        assertThat(mine.awaitAsync().cancel(false)).isTrue();
        CompletableFuture<Passage> closed = mine.awaitAsync();
        here.session.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(closed))
                .withCauseInstanceOf(SessionLostException.class);
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(mine::await);
        assertThat(hold.release()).isTrue();
    }

    /** Of another client, such as etcdctl lock, which has no session of ours. */
    @Test
    void await_heldByAnotherClient_tellsByItsLease() throws Exception {
        for (int i = 0; i < 2; i++) {
            long lease = server.grantLease();
            String key = name + "/" + Long.toHexString(lease);
            server.put(key, "", lease);
            CompletableFuture<Passage> waiting = mine.awaitAsync();
            here.awaitAnswers();
            assertThat(mine.await(Duration.ofMillis(20))).isEmpty();
            if (i == 0) {
                server.delete(key);
                assertThat(soon(waiting)).isEqualTo(Passage.RELEASED);
            } else {
                server.revoke(lease);
                assertThat(soon(waiting)).isEqualTo(Passage.HOLDER_LOST);
            }
        }
    }

    @Test
    void badInput_isRefused() {
        for (String bad : List.of("", "/a", "a//b")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.barrier(bad))
                    .withMessageContaining("'" + bad + "'");
        }
        server.put(name + "/note", "mine");
        await().untilAsserted(() -> assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(mine::await)
                .withMessageContaining("'" + name + "/note'"));
        server.delete(name + "/note");
        assertThat(mine.tryHold()).hasValueSatisfying(Grant::close);
    }
}
