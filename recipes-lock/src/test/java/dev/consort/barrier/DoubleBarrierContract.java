/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a double barrier promises, whatever server is behind it. */
abstract class DoubleBarrierContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DoubleBarrier mine = here.doubled(name, 2);
    private final DoubleBarrier theirs = there.doubled(name, 2);

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

    private void awaitWaiting(int count) {
        await().untilAsserted(() -> assertThat(theirs.waiting()).isEqualTo(count));
    }

    /** Two enter and leave together, and one key is left. */
    private void assertWorks() throws Exception {
        CompletableFuture<Stay> entering = theirs.enterAsync();
        awaitWaiting(1);
        Stay stay = mine.enter(LONG).orElseThrow();
        Stay other = soon(entering);
        assertThat(stay.round()).isEqualTo(other.round());
        CompletableFuture<Void> leaving = stay.leaveAsync();
        assertThat(other.leave(LONG)).isTrue();
        soon(leaving);
        assertThat(server.keyNames(name)).containsExactly(name + "/round");
    }

    @Test
    void enter_allCome_areInsideTogetherAndLeaveTogether() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        awaitWaiting(1);
        assertThat(first).isNotDone();
        assertThat(theirs.inside()).isZero();
        Stay second = mine.enter();
        Stay other = soon(first);
        assertThat(theirs.inside()).isEqualTo(2);
        assertThat(theirs.waiting()).isZero();
        CompletableFuture<Void> leaving = other.leaveAsync();
        await().until(() -> theirs.inside() == 1);
        assertThat(leaving).isNotDone();
        second.leave();
        soon(leaving);
        second.leave();
        other.close();
        assertWorks();
    }

    @Test
    void rounds_followEachOther_nobodyMeetsTheNextOne() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        List<Future<Integer>> all = new ArrayList<>();
        for (DoubleBarrier each : List.of(mine, theirs)) {
            all.add(threads.start(() -> {
                for (int i = 1; i <= 15; i++) {
                    Stay stay = each.enter(LONG).orElseThrow();
                    assertThat(stay.round()).isEqualTo(i);
                    inside.incrementAndGet();
                    assertThat(inside.get()).isBetween(2 * i - 1, 2 * i);
                    stay.leave();
                    assertThat(inside.get()).isBetween(2 * i, 2 * i + 1);
                }
                return 0;
            }));
        }
        for (Future<Integer> each : all) {
            assertThat(each.get(20, TimeUnit.SECONDS)).isZero();
        }
        assertWorks();
    }

    @Test
    void enter_whileARoundIsInside_waitsForTheNext() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        Stay second = mine.enter(LONG).orElseThrow();
        List<CompletableFuture<Stay>> next = List.of(mine.enterAsync(), theirs.enterAsync(), mine.enterAsync());
        awaitWaiting(3);
        assertThat(next).noneMatch(CompletableFuture::isDone);
        soon(first).close();
        assertThat(mine.enter(Duration.ofMillis(30))).isEmpty();
        second.leave();
        await().until(() -> next.stream().filter(CompletableFuture::isDone).count() == 2);
        for (CompletableFuture<Stay> each : next) {
            if (each.isDone()) {
                assertThat(each.join().round()).isEqualTo(second.round() + 1);
                each.join().close();
            }
        }
        Stay last = mine.enter(LONG).orElseThrow();
        last.close();
        for (CompletableFuture<Stay> each : next) {
            soon(each).close();
        }
        assertWorks();
    }

    @Test
    void enter_timeout_withdrawsAndTheOthersWaitOn() throws Exception {
        bestOfThree(this::enterByTimeout);
    }

    private void enterByTimeout(Times times) throws Exception {
        String threes = Server.freshName();
        DoubleBarrier three = here.doubled(threes, 3);
        CompletableFuture<Stay> other = there.doubled(threes, 3).enterAsync();
        await().until(() -> three.waiting() == 1);
        Duration timeout = Duration.ofMillis(60);
        times.timeout(timeout, () -> assertThat(three.enter(timeout)).isEmpty());
        assertThat(three.enter(Duration.ZERO)).isEmpty();
        assertThat(three.waiting()).isEqualTo(1);
        assertThat(other).isNotDone();
        CompletableFuture<Stay> second = three.enterAsync();
        await().until(() -> three.waiting() == 2);
        three.enter(Duration.ZERO).orElseThrow().close();
        soon(second).close();
        soon(other).leave();
    }

    @Test
    void enter_interruptedOrCancelled_withdraws() throws Exception {
        bestOfThree(times -> {
            Future<Stay> waiting = threads.start(mine::enter);
            awaitWaiting(1);
            times.atMost(LATE, () -> {
                threads.interrupt();
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> soon(waiting))
                        .withCauseInstanceOf(InterruptedException.class);
            });
            assertThat(theirs.waiting()).isZero();
        });
        CompletableFuture<Stay> entering = mine.enterAsync();
        awaitWaiting(1);
        assertThat(entering.cancel(false)).isTrue();
        awaitWaiting(0);
        CompletableFuture<Stay> timed = mine.enterAsync().orTimeout(1, TimeUnit.MILLISECONDS);
        await().until(timed::isDone);
        awaitWaiting(0);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::enter);
        assertThat(Thread.interrupted()).isFalse();
        assertWorks();
    }

    @Test
    void leave_timeout_hasLeftAllTheSame() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        Stay second = mine.enter(LONG).orElseThrow();
        assertThat(second.leave(Duration.ZERO)).isFalse();
        assertThat(second.leave(Duration.ofMillis(30))).isFalse();
        await().until(() -> theirs.inside() == 1);
        soon(first).leave();
        assertThat(second.leave(LONG)).isTrue();
        assertWorks();
    }

    /** Its own round is over though it has not left, since an operator took its key; it does not meet the next one. */
    @Test
    void leave_whenTheNextRoundIsInside_isNotHeldUpByIt() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        awaitWaiting(1);
        Stay late = mine.enter(LONG).orElseThrow();
        server.delete(memberKey(here));
        soon(first).close();
        CompletableFuture<Stay> next = theirs.enterAsync();
        awaitWaiting(1);
        Stay inside = theirs.enter(LONG).orElseThrow();
        assertThat(inside.round()).isEqualTo(late.round() + 1);
        assertThat(late.leave(LONG)).isTrue();
        soon(next).close();
        inside.leave();
    }

    /** S6: what it finds in place of its key is not its own, and the others are told nothing wrong. */
    @Test
    void leave_keyMadeAnewByAnother_leavesItThere() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        awaitWaiting(1);
        String key = memberKey(there);
        Stay second = mine.enter(LONG).orElseThrow();
        server.delete(key);
        server.put(key, "made anew", there.session.leaseId());
        assertThat(soon(first).leave(Duration.ofMillis(60))).isFalse();
        second.close();
        assertThat(server.keyNames(name)).contains(key);
        server.delete(key);
        server.awaitKeys(name, 1);
        assertWorks();
    }

    private String memberKey(Party party) {
        return server.keyNames(name).stream()
                .filter(key -> key.startsWith(name + "/in/" + Long.toHexString(party.session.leaseId())))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void session_ofAMember_ends_isNotWaitedFor() throws Exception {
        Party dying = server.join();
        CompletableFuture<Stay> waiting = dying.doubled(name, 2).enterAsync();
        awaitWaiting(1);
        server.revoke(dying.session.leaseId());
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(SessionLostException.class);
        dying.close();
        Party other = server.join();
        CompletableFuture<Stay> first = other.doubled(name, 2).enterAsync();
        awaitWaiting(1);
        Stay second = mine.enter(LONG).orElseThrow();
        Stay dead = soon(first);
        CompletableFuture<Void> leaving = second.leaveAsync();
        other.session.close();
        soon(leaving);
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(dead::leave);
        dead.close();
        other.close();
        assertWorks();
    }

    /** The watches of a lease's keys tell of its end in any order. */
    @Test
    void session_endsWhileItsMemberWaits_saysSoAndNotThatAKeyIsGone() {
        for (int i = 0; i < 15; i++) {
            try (Party dying = server.join()) {
                CompletableFuture<Stay> waiting = dying.doubled(name, 2).enterAsync();
                awaitWaiting(1);
                server.revoke(dying.session.leaseId());
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> soon(waiting))
                        .withCauseInstanceOf(SessionLostException.class);
            }
        }
    }

    @Test
    void enter_ownKeyDeleted_saysSo() {
        CompletableFuture<Stay> waiting = mine.enterAsync();
        awaitWaiting(1);
        server.delete(server.keyNames(name).stream()
                .filter(key -> key.startsWith(name + "/in/"))
                .findFirst()
                .orElseThrow());
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("its key was deleted");
    }

    @Test
    void delete_whileSomeAreInsideAndSomeWait_leavesNothing() throws Exception {
        CompletableFuture<Stay> first = theirs.enterAsync();
        Stay second = mine.enter(LONG).orElseThrow();
        CompletableFuture<Stay> waiting = theirs.enterAsync();
        awaitWaiting(1);
        theirs.delete();
        assertThat(server.keys(name)).isEmpty();
        second.leave();
        soon(first).leave();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("deleted");
        mine.delete();
        assertWorks();
    }

    @Test
    void foreignKey_whileAMemberWaits_failsItAndLeavesNothingThatCounts() throws Exception {
        CompletableFuture<Stay> waiting = mine.enterAsync();
        awaitWaiting(1);
        server.put(name + "/note", "mine");
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("'" + name + "/note'");
        await().untilAsserted(() -> assertThat(server.keyNames(name)).containsExactly(name + "/note", name + "/round"));
        server.delete(name + "/note");
        await().ignoreExceptions().until(() -> mine.enter(Duration.ofMillis(10)).isEmpty());
        assertWorks();
    }

    @Test
    void members_anotherNumberOrForeignKey_isRefused() throws Exception {
        assertWorks();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> here.doubled(name, 3).enter())
                .withMessageContaining("3 members")
                .withMessageContaining("has 2");
        for (String foreign : List.of("note", "in/note", "round")) {
            server.put(name + "/" + foreign, "mine");
            await().untilAsserted(() -> assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(() -> mine.enter(LONG))
                    .withMessageContaining("'" + name + "/" + foreign + "'"));
            server.delete(name + "/" + foreign);
        }
        await().ignoreExceptions().until(() -> mine.enter(Duration.ofMillis(10)).isEmpty());
        for (int bad : new int[] {0, -1, 121}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.doubled(name, bad))
                    .withMessageContaining(" " + bad + " ");
        }
        assertWorks();
    }
}
