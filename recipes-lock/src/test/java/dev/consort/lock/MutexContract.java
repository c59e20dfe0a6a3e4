/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.assertEndsInTime;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.SessionLostException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the acquiring methods and the grants of a mutex promise, whatever server is behind them. */
abstract class MutexContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Party here = join();
    private final Party there = join();
    private final OtherThread other = new OtherThread();
    private final String name = Names.fresh();
    private final Mutex mutex = here.mutex(name);
    private final Mutex theirs = there.mutex(name);

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

    /** Nobody holds or waits, and whoever comes next is granted. */
    private void assertFree() {
        await().untilAsserted(() -> assertThat(look().claims(name)).isEmpty());
        assertThat(theirs.tryAcquire())
                .hasValueSatisfying(grant -> assertThat(grant.release()).isTrue());
    }

    private void awaitWaiters(int count) {
        await().untilAsserted(() -> assertThat(theirs.waiters()).hasSize(count));
    }

    // acquire

    @Test
    void acquire_ofFreeMutex_isHeldUntilReleased() throws InterruptedException {
        Grant grant = mutex.acquire();
        assertThat(grant.isHeld()).isTrue();
        assertThat(grant.remaining()).isBetween(Duration.ofSeconds(1), here.session.ttl());
        assertThat(theirs.tryAcquire()).isEmpty();
        assertThat(grant.release()).isTrue();
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.remaining()).isZero();
        assertFree();
    }

    @Test
    void acquire_heldByAnotherProcess_waitsForItsRelease() throws InterruptedException {
        Grant first = theirs.acquire();
        var waiting = other.start(mutex::acquire);
        awaitWaiters(1);
        assertThat(waiting).isNotDone();
        first.close();
        try (Grant second = OtherThread.result(waiting)) {
            assertThat(second.isHeld()).isTrue();
            assertThat(second.token()).isGreaterThan(first.token());
        }
        assertFree();
    }

    @Test
    void acquire_interruptFlagSet_throwsAndClearsTheFlag() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(mutex::acquire);
        assertThat(Thread.interrupted()).isFalse();
        assertFree();
    }

    @Test
    void acquire_interruptedWhileWaiting_throwsAndLeavesTheQueue() throws Exception {
        Grant holder = theirs.acquire();
        bestOfThree(times -> {
            var waiting = other.start(
                    () -> assertThatExceptionOfType(InterruptedException.class).isThrownBy(mutex::acquire));
            awaitWaiters(1);
            times.atMost(LATE, () -> {
                other.interrupt();
                OtherThread.result(waiting);
            });
            awaitWaiters(0);
        });
        holder.close();
        assertFree();
    }

    // tryAcquire

    @Test
    void tryAcquire_ofFreeMutex_isGranted() {
        Optional<Grant> grant = mutex.tryAcquire();
        assertThat(grant).hasValueSatisfying(held -> assertThat(held.isHeld()).isTrue());
        grant.orElseThrow().close();
        assertFree();
    }

    @Test
    void tryAcquire_heldByAnotherProcess_isEmptyAndLeavesNothing() throws InterruptedException {
        Grant holder = theirs.acquire();
        assertThat(mutex.tryAcquire()).isEmpty();
        assertThat(mutex.tryAcquire(Duration.ZERO)).isEmpty();
        assertThat(mutex.tryAcquire(Duration.ofSeconds(-1))).isEmpty();
        await().untilAsserted(() -> assertThat(look().claims(name)).hasSize(1));
        holder.close();
        assertFree();
    }

    @Test
    void tryAcquire_interruptFlagSet_isGrantedAndKeepsTheFlag() {
        Thread.currentThread().interrupt();
        Optional<Grant> grant = mutex.tryAcquire();
        assertThat(Thread.interrupted()).isTrue();
        grant.orElseThrow().close();
        assertFree();
    }

    @Test
    void tryAcquire_whileOthersOfThisProcessWait_isEmpty() throws InterruptedException {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiter = mutex.acquireAsync();
        awaitWaiters(1);
        assertThat(mutex.tryAcquire()).isEmpty();
        holder.close();
        waiter.join().close();
        assertFree();
    }

    // tryAcquire with a timeout

    @Test
    void tryAcquireTimed_timeout_isEmptyInTimeAndLeavesTheQueue() throws Exception {
        Grant holder = theirs.acquire();
        for (int millis : new int[] {1, 80, 300}) {
            Duration timeout = Duration.ofMillis(millis);
            assertEndsInTime(
                    timeout, () -> assertThat(mutex.tryAcquire(timeout)).isEmpty());
        }
        await().untilAsserted(() -> assertThat(look().claims(name)).hasSize(1));
        holder.close();
        assertFree();
    }

    @Test
    void tryAcquireTimed_releasedInTime_isGranted() throws InterruptedException {
        Grant holder = theirs.acquire();
        var waiting = other.start(() -> mutex.tryAcquire(Duration.ofSeconds(Long.MAX_VALUE)));
        awaitWaiters(1);
        holder.close();
        OtherThread.result(waiting).orElseThrow().close();
        assertFree();
    }

    @Test
    void tryAcquireTimed_interruptFlagSet_throwsWhateverTheTimeout() {
        for (int seconds = -1; seconds <= 1; seconds++) {
            Duration timeout = Duration.ofSeconds(seconds);
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> mutex.tryAcquire(timeout));
            assertThat(Thread.interrupted()).isFalse();
        }
        assertFree();
    }

    // acquireAsync

    @Test
    void acquireAsync_heldByAnotherProcess_completesAfterItsRelease() throws Exception {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        awaitWaiters(1);
        assertThat(waiting).isNotDone();
        holder.close();
        waiting.get(10, TimeUnit.SECONDS).close();
        assertFree();
    }

    @Test
    void acquireAsync_cancelledWhileWaiting_leavesTheQueue() throws InterruptedException {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        awaitWaiters(1);
        assertThat(waiting.cancel(false)).isTrue();
        awaitWaiters(0);
        assertThat(waiting).isCancelled();
        holder.close();
        assertFree();
    }

    @Test
    void acquireAsync_timedOutBySomebodyElse_leavesTheQueue() throws InterruptedException {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync().orTimeout(100, TimeUnit.MILLISECONDS);
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(waiting::join)
                .withCauseInstanceOf(TimeoutException.class);
        awaitWaiters(0);
        holder.close();
        assertFree();
    }

    @Test
    void acquireAsync_completedBySomebodyElse_leavesTheQueue() throws InterruptedException {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        awaitWaiters(1);
        assertThat(waiting.complete(holder)).isTrue();
        awaitWaiters(0);
        assertThat(holder.isHeld()).isTrue();
        holder.close();
        assertFree();
    }

    @Test
    void acquireAsync_cancelledAtOnce_leavesNothing() {
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Grant> acquiring = mutex.acquireAsync();
            if (!acquiring.cancel(false)) {
                acquiring.join().close();
            }
        }
        // What was sent last may not have arrived yet: only a claim behind it finds nothing before it.
        theirs.acquireAsync().orTimeout(10, TimeUnit.SECONDS).join().close();
        assertFree();
    }

    @Test
    void acquireAsync_cancelledAfterTheGrant_staysHeld() throws Exception {
        CompletableFuture<Grant> acquiring = mutex.acquireAsync();
        Grant grant = acquiring.get(10, TimeUnit.SECONDS);
        assertThat(acquiring.cancel(false)).isFalse();
        assertThat(grant.isHeld()).isTrue();
        assertThat(theirs.tryAcquire()).isEmpty();
        assertThat(grant.release()).isTrue();
        assertFree();
    }

    @Test
    void acquireAsync_dependentStageCancelled_waitsOn() throws Exception {
        Grant holder = theirs.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        CompletableFuture<Boolean> dependent = waiting.thenApply(Grant::isHeld);
        assertThat(dependent.cancel(false)).isTrue();
        awaitWaiters(1);
        holder.close();
        waiting.get(10, TimeUnit.SECONDS).close();
        assertFree();
    }

    @Test
    void acquireAsync_cancelledAsOneOfManyHere_leavesTheOthersInOrder() throws Exception {
        Grant holder = theirs.acquire();
        List<CompletableFuture<Grant>> waiting =
                List.of(mutex.acquireAsync(), mutex.acquireAsync(), mutex.acquireAsync());
        awaitWaiters(1);
        assertThat(waiting.get(0).cancel(false)).isTrue();
        holder.close();
        Grant second = waiting.get(1).get(10, TimeUnit.SECONDS);
        assertThat(waiting.get(2)).isNotDone();
        second.close();
        waiting.get(2).get(10, TimeUnit.SECONDS).close();
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> waiting.get(0).join());
        assertFree();
    }

    // tryRun

    @Test
    void tryRun_ofFreeMutex_runsWhileHeldAndReleases() throws InterruptedException {
        CompletableFuture<Grant> given = new CompletableFuture<>();
        boolean ran = mutex.tryRun(LONG, grant -> {
            assertThat(grant.isHeld()).isTrue();
            assertThat(theirs.tryAcquire()).isEmpty();
            given.complete(grant);
        });
        assertThat(ran).isTrue();
        assertThat(given.join().isHeld()).isFalse();
        assertFree();
    }

    @Test
    void tryRun_heldByAnother_doesNotRun() throws InterruptedException {
        Grant holder = theirs.acquire();
        assertThat(mutex.tryRun(Duration.ofMillis(30), grant -> {
                    throw new AssertionError("ran");
                }))
                .isFalse();
        holder.close();
        assertFree();
    }

    @Test
    void tryRun_actionThrows_releasesAndPassesItOn() {
        IOException thrown = new IOException("from the action");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> mutex.tryRun(LONG, grant -> {
                    throw thrown;
                }))
                .isSameAs(thrown);
        assertFree();
    }

    // release and close

    @Test
    void release_again_isFalseAndFreesNobodyElse() throws InterruptedException {
        Grant grant = mutex.acquire();
        assertThat(grant.release()).isTrue();
        Grant next = theirs.acquire();
        assertThat(grant.release()).isFalse();
        grant.close();
        assertThat(grant.releaseAsync().join()).isFalse();
        assertThat(next.isHeld()).isTrue();
        assertThat(mutex.tryAcquire()).isEmpty();
        next.close();
        assertFree();
    }

    @Test
    void release_withTheNextGrantOfThisProcess_freesOnlyItsOwn() throws Exception {
        Grant first = mutex.acquire();
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        assertThat(first.release()).isTrue();
        Grant second = waiting.get(10, TimeUnit.SECONDS);
        assertThat(first.release()).isFalse();
        assertThat(second.isHeld()).isTrue();
        assertThat(theirs.tryAcquire()).isEmpty();
        second.close();
        assertFree();
    }

    @Test
    void release_byAnotherThread_isLegal() throws InterruptedException {
        Grant grant = mutex.acquire();
        assertThat(other.call(grant::release)).isTrue();
        assertFree();
    }

    @Test
    void releaseAsync_ofHeldGrant_completesWhenFree() throws Exception {
        Grant grant = mutex.acquire();
        assertThat(grant.releaseAsync().get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(look().claims(name)).isEmpty();
    }

    @Test
    void close_interruptFlagSet_releasesAndKeepsTheFlag() throws InterruptedException {
        Grant grant = mutex.acquire();
        Thread.currentThread().interrupt();
        grant.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(look().claims(name)).isEmpty();
    }

    // loss

    @Test
    void grant_sessionClosed_isLostAndCloseDoesNotThrow() throws Exception {
        Party leaving = join();
        Grant grant = leaving.mutex(name).acquire();
        CompletableFuture<LossReason> lost = grant.lost().toCompletableFuture();
        assertThat(lost).isNotDone();
        leaving.close();
        assertThat(lost.get(10, TimeUnit.SECONDS)).isEqualTo(LossReason.CLOSED);
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.remaining()).isZero();
        assertThat(grant.release()).isFalse();
        assertThat(grant.guard().txn().put(name + "-value", "late").commit()).isFalse();
        grant.close();
        grant.close();
        assertThat(grant.lost().toCompletableFuture().get(10, TimeUnit.SECONDS)).isEqualTo(LossReason.CLOSED);
        assertFree();
    }

    @Test
    void grant_released_isNotLost() throws InterruptedException {
        Grant grant = mutex.acquire();
        CompletableFuture<LossReason> lost = grant.lost().toCompletableFuture();
        grant.close();
        theirs.acquireAsync().orTimeout(10, TimeUnit.SECONDS).join().close();
        here.session.close();
        assertThat(lost).isNotDone();
    }

    @Test
    void acquire_sessionClosed_failsAtOnceAndSaysSo() {
        here.session.close();
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(mutex::acquire)
                .withMessageContaining(name)
                .withMessageContaining("closed")
                .satisfies(e -> assertThat(e.reason()).isEqualTo(LossReason.CLOSED));
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(mutex::tryAcquire);
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(() -> mutex.tryAcquire(LONG));
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> mutex.acquireAsync().get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(SessionLostException.class);
    }

    // guard

    @Test
    void guard_whileHeld_writesAndAfterReleaseRefuses() throws InterruptedException {
        String key = name + "-value";
        Grant grant = mutex.acquire();
        assertThat(grant.guard().txn().put(key, "first").commit()).isTrue();
        var late = grant.guard().txn().put(key, "late");
        grant.close();
        assertThat(late.commit()).isFalse();
        assertThat(grant.guard().txn().put(key, "later").commit()).isFalse();
        assertThat(look().value(key)).isEqualTo("first");
    }

    // owner and waiters

    @Test
    void owner_andWaiters_tellHostProcessSinceAndRevision() throws Exception {
        Instant before = Instant.now().minusSeconds(1);
        assertThat(mutex.owner()).isEmpty();
        assertThat(mutex.waiters()).isEmpty();
        Grant grant = mutex.acquire();
        CompletableFuture<Grant> waiting = theirs.acquireAsync();
        CompletableFuture<Grant> besideIt = theirs.acquireAsync();
        awaitWaiters(1);
        assertThat(theirs.owner()).hasValueSatisfying(owner -> {
            assertThat(owner.key()).isEqualTo(here.claim(name));
            assertThat(owner.revision()).isEqualTo(grant.token().revision());
            assertThat(owner.leaseId()).isEqualTo(here.session.leaseId());
            assertThat(owner.process()).contains(ProcessHandle.current().pid());
            assertThat(owner.host()).hasValueSatisfying(host -> assertThat(host).isNotBlank());
            assertThat(owner.since())
                    .hasValueSatisfying(since ->
                            assertThat(since).isBetween(before, Instant.now().plusSeconds(1)));
        });
        assertThat(mutex.waiters()).singleElement().satisfies(waiter -> {
            assertThat(waiter.key()).isEqualTo(there.claim(name));
            assertThat(waiter.revision()).isGreaterThan(grant.token().revision());
            assertThat(waiter.process()).contains(ProcessHandle.current().pid());
        });
        grant.close();
        waiting.get(10, TimeUnit.SECONDS).close();
        besideIt.get(10, TimeUnit.SECONDS).close();
        assertThat(mutex.owner()).isEmpty();
    }

    @Test
    void owner_ofAnotherClient_isToldWithoutWhatItDoesNotSay() {
        long lease = look().grantLease(60);
        String key = name + "/" + Long.toHexString(lease);
        long revision = look().put(key, EtcdLook.bytes(""), lease).getHeader().getRevision();
        assertThat(mutex.owner())
                .contains(new LockOwner(key, revision, lease, Optional.empty(), Optional.empty(), Optional.empty()));
        assertThat(mutex.tryAcquire()).isEmpty();
        look().revoke(lease);
        assertFree();
    }

    // bad input

    @Test
    void arguments_null_areRefusedByName() {
        assertThatNullPointerException()
                .isThrownBy(() -> Mutex.create(here.session, nothing()))
                .withMessageContaining("name");
        assertThatNullPointerException()
                .isThrownBy(() -> Mutex.create(nothing(), name))
                .withMessageContaining("session");
        assertThatNullPointerException()
                .isThrownBy(() -> mutex.tryAcquire(MutexContract.<Duration>nothing()))
                .withMessageContaining("timeout");
        assertThatNullPointerException()
                .isThrownBy(() -> mutex.tryRun(LONG, nothing()))
                .withMessageContaining("action");
        assertFree();
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }

    @Test
    void create_badName_isRefusedWithTheName() {
        for (String bad : List.of("", "/a", "a/", "a//b", "/", "consort", "consort/session/x", "half \ud800 a pair")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Mutex.create(here.session, bad))
                    .withMessageContaining("'" + bad + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mutex.create(here.session, "x".repeat(4097)))
                .withMessageContaining("4097")
                .withMessageContaining("xxx...");
    }
}
