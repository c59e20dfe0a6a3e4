/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a cyclic barrier promises, whatever server is behind it. */
abstract class CyclicBarrierContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final DistributedCyclicBarrier mine = here.cyclic(name, 2);
    private final DistributedCyclicBarrier theirs = there.cyclic(name, 2);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    private void awaitWaiting(int count) {
        await().untilAsserted(() -> assertThat(theirs.waiting()).isEqualTo(count));
    }

    private static int passed(Future<Integer> arrival) throws Exception {
        return arrival.get(10, TimeUnit.SECONDS);
    }

    private static void assertBroken(Future<Integer> arrival, String why) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> arrival.get(10, TimeUnit.SECONDS))
                .havingCause()
                .isInstanceOf(BrokenBarrierException.class)
                .withMessageContaining(why);
    }

    /** The barrier works, and has left one key. */
    private void assertWorks() throws Exception {
        CompletableFuture<Integer> arrival = theirs.awaitAsync();
        awaitWaiting(1);
        assertThat(mine.await(LONG)).isZero();
        assertThat(passed(arrival)).isEqualTo(1);
        assertThat(server.keyNames(name)).containsExactly(name + "/generation");
    }

    // Passing

    @Test
    void await_allCome_passWithTheOrderInWhichTheyCame() throws Exception {
        List<DistributedCyclicBarrier> both = List.of(here.cyclic(name + "-3", 3), there.cyclic(name + "-3", 3));
        List<CompletableFuture<Integer>> arrivals = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            arrivals.add(both.get(i).awaitAsync());
            int waiting = i + 1;
            await().untilAsserted(() -> assertThat(both.get(0).waiting()).isEqualTo(waiting));
        }
        assertThat(arrivals).allSatisfy(arrival -> assertThat(arrival).isNotDone());
        assertThat(both.get(0).await()).isZero();
        assertThat(passed(arrivals.get(0))).isEqualTo(2);
        assertThat(passed(arrivals.get(1))).isEqualTo(1);
        assertThat(both.get(0).waiting()).isZero();
        assertThat(server.keyNames(name + "-3")).containsExactly(name + "-3/generation");
    }

    @Test
    void await_againAndAgain_passesEachTimeTogether() throws Exception {
        AtomicInteger rounds = new AtomicInteger();
        Future<Integer> other = threads.start(() -> {
            for (int i = 0; i < 20; i++) {
                theirs.await(LONG);
                rounds.incrementAndGet();
                theirs.await(LONG);
            }
            return 0;
        });
        for (int i = 0; i < 20; i++) {
            assertThat(rounds.get()).isEqualTo(i);
            mine.await(LONG);
            mine.await(LONG);
            assertThat(rounds.get()).isEqualTo(i + 1);
        }
        passed(other);
        assertWorks();
    }

    @Test
    void await_ofOneParty_passesAtOnce() throws Exception {
        DistributedCyclicBarrier alone = here.cyclic(name + "-1", 1);
        for (int i = 0; i < 3; i++) {
            assertThat(alone.await()).isZero();
            assertThat(alone.await(Duration.ZERO)).isZero();
        }
    }

    @Test
    void await_moreThanParties_theRestIsOfTheNextGeneration() throws Exception {
        List<CompletableFuture<Integer>> arrivals = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            arrivals.add((i % 2 == 0 ? mine : theirs).awaitAsync());
        }
        await().until(() -> arrivals.stream().filter(CompletableFuture::isDone).count() == 6);
        awaitWaiting(1);
        assertThat(theirs.await(LONG)).isZero();
        List<Integer> indices = new ArrayList<>();
        for (CompletableFuture<Integer> arrival : arrivals) {
            indices.add(passed(arrival));
        }
        assertThat(indices).containsExactlyInAnyOrder(0, 0, 0, 1, 1, 1, 1);
        assertWorks();
    }

    // Giving up

    @Test
    void await_timeout_breaksItForAllUntilReset() throws Exception {
        bestOfThree(this::breakByTimeout);
    }

    private void breakByTimeout(Times times) throws Exception {
        String threes = Server.freshName();
        CompletableFuture<Integer> other = here.cyclic(threes, 3).awaitAsync();
        DistributedCyclicBarrier three = there.cyclic(threes, 3);
        await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(1));
        Duration timeout = Duration.ofMillis(60);
        times.timeout(
                timeout,
                () -> assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> three.await(timeout)));
        assertBroken(other, "waited no longer");
        assertThat(three.isBroken()).isTrue();
        assertThatExceptionOfType(BrokenBarrierException.class).isThrownBy(three::await);
        assertBroken(three.awaitAsync(), "waited no longer");
        three.reset();
        assertThat(three.isBroken()).isFalse();
        CompletableFuture<Integer> first = three.awaitAsync();
        await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(1));
        CompletableFuture<Integer> second = three.awaitAsync();
        assertThat(three.await(LONG) + passed(first) + passed(second)).isEqualTo(3);
    }

    @Test
    void await_withoutTimeLeft_passesIfItIsTheLastOnly() throws Exception {
        CompletableFuture<Integer> other = theirs.awaitAsync();
        awaitWaiting(1);
        assertThat(mine.await(Duration.ZERO)).isZero();
        assertThat(passed(other)).isEqualTo(1);
        assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> mine.await(Duration.ofSeconds(-1)));
        assertThat(theirs.isBroken()).isTrue();
        mine.reset();
        assertWorks();
    }

    @Test
    void await_interrupted_breaksItForAll() throws Exception {
        bestOfThree(this::breakByInterrupt);
    }

    private void breakByInterrupt(Times times) throws Exception {
        String threes = Server.freshName();
        CompletableFuture<Integer> other = there.cyclic(threes, 3).awaitAsync();
        DistributedCyclicBarrier three = here.cyclic(threes, 3);
        Future<Integer> waiting = threads.start(three::await);
        await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(2));
        times.atMost(LATE, () -> {
            threads.interrupt();
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                    .withCauseInstanceOf(InterruptedException.class);
        });
        assertBroken(other, "waited no longer");
        assertThat(three.isBroken()).isTrue();
    }

    @Test
    void await_interruptFlagSet_throwsAndBreaksItForAll() {
        CompletableFuture<Integer> other = theirs.awaitAsync();
        awaitWaiting(1);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mine::await);
        assertThat(Thread.interrupted()).isFalse();
        assertBroken(other, "was interrupted");
    }

    @Test
    void awaitAsync_endedBySomebodyElse_breaksItForAll() throws Exception {
        for (int i = 0; i < 3; i++) {
            CompletableFuture<Integer> other = here.cyclic(name + "-3", 3).awaitAsync();
            DistributedCyclicBarrier three = there.cyclic(name + "-3", 3);
            CompletableFuture<Integer> ended = three.awaitAsync();
            await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(2));
            switch (i) {
                case 0 -> assertThat(ended.cancel(false)).isTrue();
                case 1 -> assertThat(ended.complete(7)).isTrue();
                default -> {
                    var unused = ended.orTimeout(1, TimeUnit.MILLISECONDS);
                }
            }
            assertBroken(other, "waited no longer");
            three.reset();
        }
    }

    @Test
    void awaitAsync_dependentStageCancelled_waitsOn() throws Exception {
        CompletableFuture<Integer> waiting = mine.awaitAsync();
        assertThat(waiting.thenApply(index -> index).cancel(false)).isTrue();
        awaitWaiting(1);
        assertThat(theirs.await(LONG)).isZero();
        assertThat(passed(waiting)).isEqualTo(1);
    }

    // The action

    @Test
    void action_isRunOnceByTheLastBeforeAnybodyIsLetGo() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        CompletableFuture<Thread> by = new CompletableFuture<>();
        CompletableFuture<Integer> other = theirs.awaitAsync();
        AtomicReference<CompletableFuture<Integer>> present = new AtomicReference<>(other);
        awaitWaiting(1);
        DistributedCyclicBarrier withAction = DistributedCyclicBarrier.create(here.session, name, 2, () -> {
            runs.incrementAndGet();
            by.complete(Thread.currentThread());
            assertThat(present.get()).isNotDone();
            assertThat(server.keyNames(name)).hasSize(3);
        });
        assertThat(withAction.await(LONG)).isZero();
        assertThat(passed(other)).isEqualTo(1);
        assertThat(runs).hasValue(1);
        assertThat(by.join()).isEqualTo(Thread.currentThread());

        CompletableFuture<Integer> first = withAction.awaitAsync(); // does not come last
        awaitWaiting(1);
        assertThat(theirs.await(LONG)).isZero();
        assertThat(passed(first)).isEqualTo(1);
        assertThat(runs).hasValue(1);

        CompletableFuture<Integer> second = theirs.awaitAsync();
        present.set(second);
        awaitWaiting(1);
        assertThat(passed(withAction.awaitAsync())).isZero();
        assertThat(passed(second)).isEqualTo(1);
        assertThat(runs).hasValue(2);
        assertWorks();
    }

    @Test
    void action_throws_breaksItAndThePartyGetsIt() throws Exception {
        IllegalStateException thrown = new IllegalStateException("from the action");
        DistributedCyclicBarrier failing = DistributedCyclicBarrier.create(here.session, name, 2, () -> {
            throw thrown;
        });
        for (int i = 0; i < 2; i++) {
            CompletableFuture<Integer> other = theirs.awaitAsync();
            awaitWaiting(1);
            if (i == 0) {
                assertThatExceptionOfType(IllegalStateException.class)
                        .isThrownBy(failing::await)
                        .isSameAs(thrown);
                assertThat(failing.isBroken()).isTrue();
            } else {
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> passed(failing.awaitAsync()))
                        .havingCause()
                        .isSameAs(thrown);
            }
            assertBroken(other, "from the action");
            failing.reset();
        }
        assertWorks();
    }

    @Test
    void action_whileAnotherGivesUp_isBrokenForAll() throws Exception {
        CompletableFuture<Integer> other = theirs.awaitAsync();
        awaitWaiting(1);
        DistributedCyclicBarrier withAction = DistributedCyclicBarrier.create(here.session, name, 2, () -> {
            assertThat(other.cancel(false)).isTrue();
            await().until(theirs::isBroken);
        });
        assertThatExceptionOfType(BrokenBarrierException.class)
                .isThrownBy(withAction::await)
                .withMessageContaining("waited no longer");
    }

    // Reset and delete

    @Test
    void reset_whileSomeWait_breaksTheirsAndBeginsAnew() throws Exception {
        CompletableFuture<Integer> waiting = theirs.awaitAsync();
        awaitWaiting(1);
        mine.reset();
        assertBroken(waiting, "reset");
        assertThat(mine.isBroken()).isFalse();
        assertWorks();
    }

    @Test
    void delete_whileSomeWait_breaksTheirsAndLeavesNothing() throws Exception {
        mine.delete();
        mine.reset();
        CompletableFuture<Integer> waiting = theirs.awaitAsync();
        awaitWaiting(1);
        mine.delete();
        assertBroken(waiting, "deleted");
        assertThat(server.keys(name)).isEmpty();
        assertThat(mine.isBroken()).isFalse();
        assertWorks();
    }

    /** An operator deletes the durable key only; a party's key is left to be cleared away. */
    @Test
    void operator_deletesKeys_breaksIt() throws Exception {
        CompletableFuture<Integer> waiting = theirs.awaitAsync();
        awaitWaiting(1);
        server.delete(name + "/generation");
        assertBroken(waiting, "deleted");
        assertWorks();

        CompletableFuture<Integer> again = theirs.awaitAsync();
        awaitWaiting(1);
        server.delete(server.keyNames(name).get(0));
        assertBroken(again, "was lost");
    }

    // Sessions

    @Test
    void session_ofAParty_ends_breaksItForTheOthersAtOnce() {
        Party dying = server.join();
        CompletableFuture<Integer> dead = dying.cyclic(name + "-3", 3).awaitAsync();
        DistributedCyclicBarrier three = there.cyclic(name + "-3", 3);
        await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(1));
        CompletableFuture<Integer> other = three.awaitAsync();
        await().untilAsserted(() -> assertThat(three.waiting()).isEqualTo(2));
        server.revoke(dying.session.leaseId());
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> passed(dead))
                .withCauseInstanceOf(SessionLostException.class);
        assertBroken(other, "was lost");
        dying.close();
    }

    @Test
    void session_closed_failsAtOnceAndSaysSo() {
        CompletableFuture<Integer> waiting = mine.awaitAsync();
        awaitWaiting(1);
        here.session.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> passed(waiting))
                .havingCause()
                .isInstanceOfSatisfying(
                        SessionLostException.class, e -> assertThat(e.reason()).isEqualTo(LossReason.CLOSED));
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(mine::await)
                .withMessageContaining(name);
        assertThat(server.keyNames(name)).containsExactly(name + "/generation");
    }

    // Bad input

    @Test
    void parties_anotherNumber_isRefusedNamingBoth() throws Exception {
        assertWorks();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> here.cyclic(name, 3).await())
                .withMessageContaining("3 parties")
                .withMessageContaining("has 2")
                .withMessageContaining(name);
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> passed(here.cyclic(name, 3).awaitAsync()))
                .withCauseInstanceOf(RecipeException.class);
        assertWorks();
        mine.delete();
        CompletableFuture<Integer> three = here.cyclic(name, 3).awaitAsync();
        await().untilAsserted(() -> assertThat(theirs.waiting()).isEqualTo(1));
        assertThatExceptionOfType(RecipeException.class).isThrownBy(mine::await);
        three.cancel(false);
    }

    @Test
    void foreignKey_belowTheName_isNamed() throws Exception {
        for (String foreign : List.of("note", "1/note", "1/abc-1")) {
            server.put(name + "/" + foreign, "mine");
            await().untilAsserted(() -> assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(() -> mine.await(LONG))
                    .withMessageContaining("'" + name + "/" + foreign + "'"));
            server.delete(name + "/" + foreign);
        }
        server.put(name + "/generation", "generation=x");
        await().untilAsserted(() -> assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.await(LONG))
                .withMessageContaining("'" + name + "/generation'"));
        assertThatExceptionOfType(RecipeException.class).isThrownBy(mine::isBroken);
        server.delete(name + "/generation");
        assertWorks();
    }

    @Test
    void foreignKey_whileAPartyWaits_failsItAndLeavesNothingThatCounts() {
        CompletableFuture<Integer> waiting = mine.awaitAsync();
        awaitWaiting(1);
        server.put(name + "/note", "mine");
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> passed(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("'" + name + "/note'");
        await().untilAsserted(
                        () -> assertThat(server.keyNames(name)).containsExactly(name + "/generation", name + "/note"));
        server.delete(name + "/note");
        await().ignoreExceptions()
                .untilAsserted(() -> assertThat(theirs.isBroken()).isTrue());
    }

    @Test
    void create_badInput_isRefusedWithIt() {
        for (int bad : new int[] {0, -1, 121}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.cyclic(name, bad))
                    .withMessageContaining(" " + bad + " ")
                    .withMessageContaining(name);
        }
        for (String bad : List.of("", "/a", "a/", "a//b", "consort/session/x")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> here.cyclic(bad, 2))
                    .withMessageContaining("'" + bad + "'");
        }
        assertThatNullPointerException()
                .isThrownBy(() -> DistributedCyclicBarrier.create(here.session, name, 2, nothing()))
                .withMessageContaining("action");
        assertThatNullPointerException()
                .isThrownBy(() -> mine.await(CyclicBarrierContract.<Duration>nothing()))
                .withMessageContaining("timeout");
    }

    @Test
    void names_thatNest_areRefusedWhileBothAreInUse() throws Exception {
        CompletableFuture<Integer> waiting = mine.awaitAsync();
        awaitWaiting(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> here.cyclic(name + "/sub", 2).await())
                .withMessageContaining("'" + name + "/sub'")
                .withMessageContaining("'" + name + "'");
        assertThat(theirs.await(LONG)).isZero();
        assertThat(passed(waiting)).isEqualTo(1);
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
