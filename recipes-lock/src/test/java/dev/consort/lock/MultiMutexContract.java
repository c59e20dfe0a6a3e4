/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.assertEndsInTime;
import static dev.consort.testkit.Times.bestOfThree;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.Times;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What several names at once promise, whatever server is behind them. */
abstract class MultiMutexContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Party here = join();
    private final Party there = join();
    private final OtherThread other = new OtherThread();
    private final String a = Names.fresh() + "-a";
    private final String b = Names.fresh() + "-b";
    private final String c = Names.fresh() + "-c";
    private final MultiMutex mutex = MultiMutex.create(here.session, List.of(b, a));
    private final MultiMutex theirs = MultiMutex.create(there.session, List.of(a, b));

    /** Another process. */
    abstract Party join();

    /** A look into the server. */
    abstract EtcdLook look();

    @AfterEach
    void leave() {
        other.close();
        there.close();
        here.close();
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    private static <G> G soon(CompletableFuture<G> future) throws Exception {
        return future.get(10, SECONDS);
    }

    private void awaitClaims(int ofA, int ofB) {
        look().awaitClaims(a, ofA);
        look().awaitClaims(b, ofB);
    }

    /** Nobody holds or waits, and whoever comes next is granted. */
    private void assertFree() throws InterruptedException {
        awaitClaims(0, 0);
        look().awaitClaims(c, 0);
        for (Party party : List.of(here, there)) {
            Optional<MultiGrant> all =
                    MultiMutex.create(party.session, List.of(c, a, b)).tryAcquire(LONG);
            assertThat(all)
                    .hasValueSatisfying(grant -> assertThat(grant.release()).isTrue());
        }
    }

    private static void assertGone(CompletableFuture<MultiGrant> waiting, String message) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .havingCause()
                .isExactlyInstanceOf(RecipeException.class)
                .withMessageContaining(message);
    }

    // all or none

    @Test
    void acquire_ofFreeNames_holdsAllOfThemUnderOneRevision() throws InterruptedException {
        MultiGrant grant = mutex.acquire();
        assertThat(mutex.names()).containsExactly(a, b);
        assertThat(grant.isHeld()).isTrue();
        assertThat(grant.remaining()).isBetween(Duration.ofSeconds(1), here.session.ttl());
        assertThat(grant.toString()).contains("MultiMutex").contains(a).contains(b);
        assertThat(mutex.toString()).contains("MultiMutex").contains(a).contains(b);
        long revision = grant.token().revision();
        assertThat(grant.tokens()).isEqualTo(Map.of(a, grant.token(), b, grant.token()));
        for (String name : mutex.names()) {
            assertThat(look().claims(name)).singleElement().satisfies(claim -> {
                assertThat(claim.getKey()).isEqualTo(EtcdLook.bytes(here.claim(name)));
                assertThat(claim.getCreateRevision()).isEqualTo(revision);
            });
            for (Party party : List.of(here, there)) {
                assertThat(party.mutex(name).tryAcquire()).isEmpty();
            }
        }
        assertThat(theirs.tryAcquire()).isEmpty();
        assertThat(mutex.tryAcquire()).isEmpty();
        assertThat(grant.release()).isTrue();
        assertThat(grant.isHeld()).isFalse();
        assertFree();
    }

    @Test
    void tryAcquire_oneNameTaken_takesNothing() throws InterruptedException {
        Grant single = there.mutex(b).acquire();
        assertThat(mutex.tryAcquire()).isEmpty();
        awaitClaims(0, 1);
        Grant free = here.mutex(a).tryAcquire().orElseThrow();
        free.close();
        Grant near = here.mutex(a).acquire();
        single.close();
        assertThat(mutex.tryAcquire()).as("a thread of this process has one").isEmpty();
        near.close();
        assertFree();
    }

    @Test
    void acquire_oneNameTaken_waitsInAllQueuesAndIsGrantedWhenItIsFree() throws Exception {
        Grant single = there.mutex(b).acquire();
        CompletableFuture<MultiGrant> waiting = mutex.acquireAsync();
        awaitClaims(1, 2);
        CompletableFuture<Grant> behind = there.mutex(a).acquireAsync();
        awaitClaims(2, 2);
        assertThat(waiting).isNotDone();
        assertThat(single.release()).isTrue();
        MultiGrant grant = soon(waiting);
        assertThat(grant.token()).isGreaterThan(single.token());
        assertThat(behind).isNotDone();
        assertThat(grant.release()).isTrue();
        Grant next = soon(behind);
        assertThat(next.token()).isGreaterThan(grant.token());
        next.close();
        assertFree();
    }

    @Test
    void guard_comparesEveryClaim() throws InterruptedException {
        String key = a + "-value";
        MultiGrant grant = mutex.acquire();
        assertThat(grant.guard().txn().put(key, "first").commit()).isTrue();
        here.faults.every(Calls.toldOfDeletion(here.claim(b))).dropMessages(Direction.TO_CLIENT);
        look().delete(EtcdLook.bytes(here.claim(b)));
        assertThat(grant.guard().txn().put(key, "late").commit()).isFalse();
        assertThat(look().value(key)).isEqualTo("first");
        await().until(() -> !grant.isHeld());
        grant.close();
        assertFree();
    }

    @Test
    void guard_afterRelease_refuses() throws InterruptedException {
        MultiGrant grant = mutex.acquire();
        var late = grant.guard().txn().put(a + "-value", "late");
        assertThat(grant.release()).isTrue();
        assertThat(late.commit()).isFalse();
        assertFree();
    }

    @Test
    void oneClaimDeleted_losesAllAndFreesTheOthers() throws Exception {
        bestOfThree(this::loseOneClaim);
    }

    private void loseOneClaim(Times times) throws Exception {
        here.sent.clear();
        MultiGrant grant = mutex.acquire();
        CompletableFuture<Grant> behind = there.mutex(a).acquireAsync();
        awaitClaims(2, 1);
        CompletableFuture<LossReason> lost = grant.lost().toCompletableFuture();
        await().until(() -> here.sent.watchesOf(b) == 1);
        times.atMost(LATE, () -> {
            look().delete(EtcdLook.bytes(here.claim(b)));
            assertThat(soon(lost)).isEqualTo(LossReason.CLAIM_REMOVED);
        });
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.release()).isFalse();
        soon(behind).close();
        assertFree();
    }

    @Test
    void tokens_overSinglesAndSeveral_strictlyIncreaseForEachName() throws Exception {
        List<FencingToken> ofA = new ArrayList<>();
        List<FencingToken> ofB = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            try (MultiGrant grant = mutex.acquire()) {
                ofA.add(grant.tokens().get(a));
                ofB.add(grant.tokens().get(b));
            }
            Grant first = here.mutex(a).acquire();
            CompletableFuture<Grant> second = here.mutex(a).acquireAsync();
            CompletableFuture<MultiGrant> third = mutex.acquireAsync();
            CompletableFuture<Grant> fourth = here.mutex(a).acquireAsync();
            ofA.add(first.token());
            first.close();
            ofA.add(soon(second).token());
            soon(second).close();
            ofA.add(soon(third).token());
            ofB.add(soon(third).token());
            soon(third).close();
            ofA.add(soon(fourth).token());
            soon(fourth).close();
        }
        for (List<FencingToken> tokens : List.of(ofA, ofB)) {
            assertThat(tokens).isSorted().doesNotHaveDuplicates();
        }
        assertFree();
    }

    // no deadlock

    /** Four threads of two processes, each its own selection and order, and single mutexes besides. */
    @Test
    void anyOrders_withSingleMutexesOfThreads_allGetTheirTurns() throws Exception {
        Turns turnsOfA = new Turns();
        Turns turnsOfB = new Turns();
        List<OtherThread> threads =
                IntStream.range(0, 6).mapToObj(i -> new OtherThread()).toList();
        List<Future<Boolean>> tasks = new ArrayList<>();
        for (int i = 0; i < threads.size(); i++) {
            Party party = i % 2 == 0 ? here : there;
            List<List<String>> wishes = List.of(List.of(a, b), List.of(b, c, a), List.of(c, b));
            List<String> wish = wishes.get(i / 2);
            tasks.add(threads.get(i).start(() -> {
                for (int round = 0; round < 8; round++) {
                    try (Grant grant = MultiMutex.create(party.session, wish)
                            .tryAcquire(LONG)
                            .orElseThrow()) {
                        enter(turnsOfA, wish.contains(a), grant);
                        enter(turnsOfB, true, grant);
                        leave(turnsOfB, true);
                        leave(turnsOfA, wish.contains(a));
                    }
                    try (Grant grant = party.mutex(b).tryAcquire(LONG).orElseThrow()) {
                        enter(turnsOfB, true, grant);
                        leave(turnsOfB, true);
                    }
                }
            }));
        }
        tasks.forEach(OtherThread::result);
        threads.forEach(OtherThread::close);
        turnsOfA.assertNoneOverlapped();
        turnsOfB.assertNoneOverlapped();
        assertThat(turnsOfA.count()).isEqualTo(4 * 8);
        assertThat(turnsOfB.count()).isEqualTo(2 * 6 * 8);
        assertFree();
    }

    private static void enter(Turns turns, boolean concerned, Grant grant) {
        if (concerned) {
            turns.begin("one", grant.token().revision());
        }
    }

    private static void leave(Turns turns, boolean concerned) {
        if (concerned) {
            turns.end();
        }
    }

    /** While it is not the first of all names here, it has nothing in etcd; and nobody behind it is handed anything. */
    @Test
    void acquire_behindAThreadOfThisProcess_claimsNothingUntilItIsFirstOfAll() throws Exception {
        Grant single = here.mutex(b).acquire();
        CompletableFuture<MultiGrant> several = mutex.acquireAsync();
        CompletableFuture<Grant> behind = here.mutex(b).acquireAsync();
        Grant elsewhere = there.mutex(a).tryAcquire(LONG).orElseThrow();
        here.faults.delayNext(Calls.releasing(here.claim(b)), Duration.ofMillis(100));
        assertThat(single.release()).isTrue();
        assertThat(look().claims(b))
                .noneMatch(claim -> claim.getCreateRevision() == single.token().revision());
        awaitClaims(2, 1);
        assertThat(several).isNotDone();
        assertThat(behind).as("handed on past the one before it").isNotDone();
        elsewhere.close();
        soon(several).close();
        soon(behind).close();
        assertFree();
    }

    @Test
    void acquire_whileThisProcessWaitsForOne_isMadeWhenThatClaimIsGone() throws Exception {
        Grant theirsOfB = there.mutex(b).acquire();
        CompletableFuture<Grant> first = here.mutex(b).acquireAsync();
        awaitClaims(0, 2);
        CompletableFuture<MultiGrant> several = mutex.acquireAsync();
        assertThat(first.cancel(false)).isTrue();
        awaitClaims(1, 2);
        theirsOfB.close();
        MultiGrant grant = soon(several);
        assertThat(look().claims(b))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
        grant.close();
        assertFree();
    }

    // known failures

    @Test
    void f07_ownClaimDeletedWhileWaiting_isRefusedAndFreesTheOthers() throws Exception {
        Grant single = there.mutex(b).acquire();
        for (String name : List.of(a, b)) {
            CompletableFuture<MultiGrant> waiting = mutex.acquireAsync();
            awaitClaims(1, 2);
            await().until(() -> here.sent.watchesOf(name) >= 1);
            look().delete(EtcdLook.bytes(here.claim(name)));
            assertGone(waiting, "another client deleted or overwrote");
            awaitClaims(0, 1);
            here.sent.clear();
        }
        single.close();
        assertFree();
    }

    @Test
    void f11_otherObjectsAndThreadsOfTheSession_areExcluded() throws Exception {
        MultiGrant grant = mutex.acquire();
        MultiMutex same = MultiMutex.create(here.session, List.of(a, c));
        CompletableFuture<MultiGrant> second = same.acquireAsync();
        assertThat(other.call(() -> same.tryAcquire().isPresent())).isFalse();
        assertThat(other.call(() -> here.mutex(b).tryAcquire().isPresent())).isFalse();
        assertThat(second).isNotDone();
        grant.close();
        soon(second).close();
        assertFree();
    }

    @Test
    void f15_interruptTimeoutAndCancel_leaveNoneOfTheNamesBehind() throws Exception {
        Grant single = there.mutex(b).acquire();
        bestOfThree(times -> {
            Future<String> interrupted = other.start(() -> {
                try {
                    return "holds " + mutex.acquire();
                } catch (InterruptedException e) {
                    return Thread.currentThread().isInterrupted() ? "flag left" : "interrupted";
                }
            });
            awaitClaims(1, 2);
            times.atMost(LATE, () -> {
                other.interrupt();
                assertThat(OtherThread.result(interrupted)).isEqualTo("interrupted");
            });
            awaitClaims(0, 1);
        });

        Duration timeout = Duration.ofMillis(60);
        assertEndsInTime(timeout, () -> assertThat(mutex.tryAcquire(timeout)).isEmpty());
        awaitClaims(0, 1);

        CompletableFuture<MultiGrant> cancelled = mutex.acquireAsync();
        CompletableFuture<Grant> behind = there.mutex(a).acquireAsync();
        awaitClaims(2, 2);
        cancelled.cancel(false);
        soon(behind).close();
        awaitClaims(0, 1);
        single.close();
        assertFree();
    }

    @Test
    void f15_answerLost_theClaimsAreFoundAndAreOfOneRevision() throws Exception {
        here.faults.loseNextReply(acquiring(here.claim(a)));
        MultiGrant grant = mutex.tryAcquire(LONG).orElseThrow();
        for (String name : mutex.names()) {
            assertThat(look().claims(name))
                    .singleElement()
                    .satisfies(claim -> assertThat(claim.getCreateRevision())
                            .isEqualTo(grant.token().revision()));
        }
        assertThat(grant.guard().txn().put(a + "-value", "x").commit()).isTrue();
        grant.close();
        assertFree();
    }

    @Test
    void f15_cancelledWhileTheAnswerIsLost_leavesNothing() throws Exception {
        var fault = here.faults.loseNextReply(acquiring(here.claim(a)));
        var asked = here.faults.every(asking(here.claim(a))).hold(); // or it may be granted by then
        CompletableFuture<MultiGrant> waiting = mutex.acquireAsync();
        soon(fault.hit());
        soon(asked.hit());
        assertThat(waiting.cancel(false)).isTrue();
        asked.release();
        assertFree();
    }

    @Test
    void f15_ghostOfASingleClaim_isRemovedBeforeAllAreClaimed() throws Exception {
        long ghost = look().put(here.claim(b), EtcdLook.bytes(""), here.session.leaseId())
                .getHeader()
                .getRevision();
        MultiGrant grant = mutex.tryAcquire(LONG).orElseThrow();
        assertThat(grant.token().revision()).isGreaterThan(ghost);
        assertThat(look().claims(b))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
        grant.close();
        assertFree();
    }

    @Test
    void f14_releaseAnswerLost_isConfirmedAndTheNextIsTold() throws Exception {
        MultiGrant grant = mutex.acquire();
        CompletableFuture<MultiGrant> behind = theirs.acquireAsync();
        awaitClaims(2, 2);
        here.faults.loseNextReply(releasing(here.claim(a)));
        assertThat(grant.release()).isTrue();
        soon(behind).close();
        assertFree();
    }

    @Test
    void f16_sessionClosedWhileWaiting_failsAtOnce() throws Exception {
        MultiGrant grant = theirs.acquire();
        bestOfThree(times -> {
            try (Party party = join()) {
                closeWhileWaiting(party.session, times);
            }
        });
        grant.close();
        awaitClaims(0, 0);
    }

    private void closeWhileWaiting(Session session, Times times) throws Exception {
        MultiMutex closing = MultiMutex.create(session, List.of(b, a));
        CompletableFuture<MultiGrant> waiting = closing.acquireAsync();
        CompletableFuture<MultiGrant> local =
                MultiMutex.create(session, List.of(a, c)).acquireAsync();
        awaitClaims(2, 2);
        times.atMost(LATE, () -> {
            session.close();
            for (CompletableFuture<MultiGrant> each : List.of(waiting, local)) {
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> soon(each))
                        .withCauseInstanceOf(SessionLostException.class);
            }
        });
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(closing::tryAcquire);
        awaitClaims(1, 1);
    }

    @Test
    void f16_sessionClosedWhileHeld_isLostAndFreesTheNext() throws Exception {
        MultiGrant grant = mutex.acquire();
        CompletableFuture<MultiGrant> behind = theirs.acquireAsync();
        awaitClaims(2, 2);
        here.session.close();
        assertThat(soon(grant.lost().toCompletableFuture())).isEqualTo(LossReason.CLOSED);
        assertThat(grant.release()).isFalse();
        soon(behind).close();
        awaitClaims(0, 0);
    }

    /** Whether the grant or the end of the wait comes first, nothing is left over. */
    @Test
    void f21_grantMeetsTimeoutAndCancel_eitherIsWhole() throws Exception {
        int granted = 0;
        for (int i = 0; i < 12; i++) {
            Grant single = there.mutex(b).acquire();
            CompletableFuture<MultiGrant> waiting = mutex.acquireAsync();
            awaitClaims(1, 2);
            CompletableFuture<Boolean> released = single.releaseAsync();
            if (i % 2 == 0) {
                soon(released);
            }
            if (waiting.cancel(false)) {
                awaitClaims(0, 0);
            } else {
                granted++;
                assertThat(soon(waiting).release()).isTrue();
            }
            soon(released);
        }
        assertThat(granted).isLessThanOrEqualTo(12);
        assertFree();
    }

    @Test
    void f28_interruptBefore_isThrownAndKeptByClose() throws InterruptedException {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mutex::acquire);
        assertThat(Thread.interrupted()).isFalse();
        MultiGrant grant = mutex.acquire();
        Thread.currentThread().interrupt();
        grant.close();
        assertThat(Thread.interrupted()).isTrue();
        assertFree();
    }

    @Test
    void f29_tryAcquireOfZero_doesNotWait() throws InterruptedException {
        Grant single = there.mutex(a).acquire();
        long start = System.nanoTime();
        assertThat(mutex.tryAcquire(Duration.ZERO)).isEmpty();
        assertThat(mutex.tryRun(Duration.ZERO, grant -> {
                    throw new AssertionError("ran");
                }))
                .isFalse();
        assertThat(since(start)).isLessThan(LONG);
        single.close();
        assertThat(mutex.tryRun(LONG, grant -> assertThat(grant.isHeld()).isTrue()))
                .isTrue();
        assertFree();
    }

    @Test
    void f30_release_byAnotherThreadIsLegalAndTwiceIsFalse() throws Exception {
        MultiGrant grant = mutex.acquire();
        assertThat(other.call(grant::release)).isTrue();
        MultiGrant next = theirs.acquire();
        assertThat(grant.release()).isFalse();
        assertThat(soon(grant.releaseAsync())).isFalse();
        assertThat(next.isHeld()).isTrue();
        assertThat(soon(next.releaseAsync())).isTrue();
        assertFree();
    }

    // bad input

    @Test
    void create_badNames_areRefusedWithWhatIsWrong() throws InterruptedException {
        for (String bad : List.of("", "/a", "a//b", "consort/session/x")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> MultiMutex.create(here.session, List.of(a, bad)))
                    .withMessageContaining("'" + bad + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MultiMutex.create(here.session, List.of()))
                .withMessageContaining("no names");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MultiMutex.create(here.session, List.of(a, b, a)))
                .withMessageContaining("'" + a + "' is given twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MultiMutex.create(here.session, List.of(a + "/sub", a + "-x", a)))
                .withMessageContaining("'" + a + "/sub' nests with '" + a + "'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MultiMutex.create(here.session, names(65)))
                .withMessageContaining("65 names")
                .withMessageContaining("64");
        List<String> large =
                names(17).stream().map(name -> name + "x".repeat(4000)).toList();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MultiMutex.create(here.session, large))
                .withMessageContaining("65536");
        assertThatNullPointerException().isThrownBy(() -> MultiMutex.create(here.session, nothing()));
        assertThatNullPointerException()
                .isThrownBy(() -> MultiMutex.create(here.session, Collections.singleton(nothing())));
        assertFree();
    }

    @Test
    void acquire_ofANameThatNestsWithOneInUse_isRefusedAndTakesNothing() throws InterruptedException {
        Grant outer = here.mutex(c).acquire();
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        MultiMutex.create(here.session, List.of(a, c + "/sub")).tryAcquire())
                .withMessageContaining("'" + c + "/sub' nests with '" + c + "'");
        awaitClaims(0, 0);
        Grant read = ReadWriteLock.create(here.session, b).readLock().acquire();
        assertThatIllegalArgumentException().isThrownBy(mutex::tryAcquire).withMessageContaining("ReadWriteLock");
        read.close();
        outer.close();
        here.mutex(c + "/sub").tryAcquire().orElseThrow().close();
        assertFree();
    }

    @Test
    void acquire_keyWrittenByAnotherClient_isRefusedWithTheKey() throws InterruptedException {
        ByteSequence key = EtcdLook.bytes(here.claim(b));
        look().put(here.claim(b), EtcdLook.bytes("foreign"), 0);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(mutex::tryAcquire)
                .withMessageContaining(here.claim(b));
        look().delete(key);
        look().put(a + "/no lease", EtcdLook.bytes("foreign"), 0);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(mutex::acquire)
                .withMessageContaining(a + "/no lease");
        look().delete(EtcdLook.bytes(a + "/no lease"));
        assertFree();
    }

    @Test
    void acquire_asManyNamesAsPossible_isOneTransactionOfTheLimit() throws Exception {
        List<String> names = names(MultiMutex.MAX_NAMES);
        CompletableFuture<MultiGrant> behind;
        try (MultiGrant grant = MultiMutex.create(here.session, names).acquire()) {
            assertThat(here.sent.txns()).anySatisfy(txn -> {
                assertThat(txn.request().getSuccessCount()).isEqualTo(128);
                assertThat(txn.request().getCompareCount()).isLessThanOrEqualTo(128);
            });
            var writes = grant.guard().txn();
            IntStream.range(0, 100).forEach(i -> writes.put(a + "-value-" + i, "x"));
            assertThat(writes.commit()).isTrue();
            behind = MultiMutex.create(there.session, names).acquireAsync();
            look().awaitClaims(names.get(63), 2);
        }
        soon(behind).close();
        for (String name : names) {
            assertThat(look().claims(name)).isEmpty();
        }
    }

    private static List<String> names(int count) {
        String name = Names.fresh();
        return IntStream.range(0, count).mapToObj(i -> name + "-" + i).toList();
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }

    private static CallMatcher acquiring(String claim) {
        return txn(claim, true);
    }

    private static CallMatcher releasing(String claim) {
        return txn(claim, false);
    }

    /** What follows an answer that was lost: it reads what the attempt has left, having put the fence. */
    private static CallMatcher asking(String claim) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .map(op -> op.getRequestRange())
                                .anyMatch(range -> range.getRangeEnd().isEmpty()
                                        && range.getKey().toStringUtf8().equals(claim)));
    }

    private static CallMatcher txn(String claim, boolean put) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> Calls.operations(txn).stream()
                                .anyMatch(op -> put
                                        ? op.getRequestPut()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(claim)
                                        : op.getRequestDeleteRange()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(claim)));
    }
}
