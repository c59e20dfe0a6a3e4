/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.assertEndsInTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.QueueReport;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a semaphore promises, whatever server is behind it. */
abstract class SemaphoreContract {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Party here = join();
    private final Party there = join();
    private final OtherThread other = new OtherThread();
    private final String name = Names.fresh();
    private final DistributedSemaphore semaphore = DistributedSemaphore.create(here.session, name, 3);
    private final DistributedSemaphore theirs = DistributedSemaphore.create(there.session, name, 3);

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

    private static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    /** The limit's key alone is left. */
    private void assertUnused() {
        await().untilAsserted(() -> assertThat(look().claims(name)).hasSize(1));
        assertThat(theirs.availablePermits()).isEqualTo(theirs.limit());
    }

    private void awaitWaiters(int count) {
        await().untilAsserted(() -> assertThat(theirs.waiters()).hasSize(count));
    }

    // The limit

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void create_anotherLimitThanInEtcd_saysBoth(int stated) {
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> DistributedSemaphore.create(there.session, name, stated))
                .withMessageContainingAll(name, "3", String.valueOf(stated), "setLimit");
        assertThat(semaphore.limit()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, DistributedSemaphore.MAX_PERMITS + 1})
    void anyNumber_outOfRange_isRefused(int permits) {
        String number = String.valueOf(permits);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DistributedSemaphore.create(here.session, Names.fresh(), permits))
                .withMessageContaining(number);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> semaphore.setLimit(permits))
                .withMessageContaining(number);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> semaphore.acquire(permits))
                .withMessageContaining(number);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> semaphore.tryAcquire(permits))
                .withMessageContaining(number);
        assertUnused();
    }

    @Test
    void acquire_moreThanTheLimit_failsAndLeavesNothing() {
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> semaphore.acquire(4))
                .withMessageContainingAll("4", "3");
        assertThatExceptionOfType(RecipeException.class).isThrownBy(() -> semaphore.tryAcquire(4));
        assertUnused();
    }

    @Test
    void open_noSuchSemaphore_saysSo() {
        String unknown = Names.fresh();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> DistributedSemaphore.open(here.session, unknown))
                .withMessageContaining(unknown);
        assertThat(DistributedSemaphore.open(here.session, name).limit()).isEqualTo(3);
    }

    @Test
    void setLimit_raised_letsWaitersIn() throws Exception {
        Permit all = theirs.acquire(3);
        CompletableFuture<Permit> one = semaphore.acquireAsync();
        CompletableFuture<Permit> two = semaphore.acquireAsync(2);
        awaitWaiters(1);
        theirs.setLimit(6);
        assertThat(result(one).isHeld()).isTrue();
        assertThat(result(two).permits()).isEqualTo(2);
        assertThat(semaphore.limit()).isEqualTo(6);
        assertThat(semaphore.availablePermits()).isZero();
        List.of(all, one.join(), two.join()).forEach(Permit::close);
        assertUnused();
    }

    @Test
    void setLimit_lowered_takesNothingAndGrantsNoMoreThanThat() throws Exception {
        Permit all = semaphore.acquire(3);
        theirs.setLimit(1);
        assertThat(all.isHeld()).isTrue();
        assertThat(theirs.availablePermits()).isZero();
        CompletableFuture<Permit> one = theirs.acquireAsync();
        CompletableFuture<Permit> next = theirs.acquireAsync();
        awaitWaiters(2); // one of which is the holder of more than there are now
        all.close();
        assertThat(result(one).isHeld()).isTrue();
        assertThat(next).isNotDone();
        assertThat(semaphore.tryAcquire()).isEmpty();
        one.join().close();
        result(next).close();
        assertUnused();
    }

    @Test
    void setLimit_belowWhatAWaiterWants_failsIt() throws Exception {
        Permit one = semaphore.acquire();
        CompletableFuture<Permit> wantsAll = theirs.acquireAsync(3);
        awaitWaiters(1);
        semaphore.setLimit(2);
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> result(wantsAll))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("3 permits");
        one.close();
        assertUnused();
    }

    @Test
    void delete_unusedOnly() throws InterruptedException {
        Permit one = semaphore.acquire();
        assertThat(theirs.delete()).isFalse();
        one.close();
        await().untilAsserted(() -> assertThat(theirs.delete()).isTrue());
        assertThat(look().claims(name)).isEmpty();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(semaphore::acquire)
                .withMessageContaining("limit");
        await().untilAsserted(() -> assertThat(look().claims(name)).isEmpty());
        assertThat(DistributedSemaphore.create(here.session, name, 7).limit()).isEqualTo(7);
    }

    // Permits

    @Test
    void acquire_upToTheLimit_isHeldByAll() throws Exception {
        List<Permit> permits = new ArrayList<>();
        permits.add(semaphore.acquire());
        permits.add(theirs.acquire());
        permits.add(semaphore.acquire());
        assertThat(permits).allMatch(Grant::isHeld).extracting(Permit::token).doesNotHaveDuplicates();
        assertThat(semaphore.availablePermits()).isZero();
        assertThat(theirs.tryAcquire()).isEmpty();
        assertThat(semaphore.tryAcquire()).isEmpty();
        assertThat(semaphore.holders()).extracting(PermitOwner::permits).containsExactly(1, 1, 1);
        permits.forEach(permit -> assertThat(permit.release()).isTrue());
        permits.forEach(permit -> assertThat(permit.release()).isFalse());
        assertUnused();
    }

    @Test
    void acquire_noneFree_waitsForARelease() throws Exception {
        Permit all = theirs.acquire(3);
        var waiting = other.start(() -> semaphore.acquire());
        awaitWaiters(1);
        assertThat(waiting).isNotDone();
        all.close();
        try (Permit permit = OtherThread.result(waiting)) {
            assertThat(permit.isHeld()).isTrue();
        }
        assertUnused();
    }

    @Test
    void acquire_manyAfterFew_isNotOvertaken() throws Exception {
        Permit one = theirs.acquire();
        CompletableFuture<Permit> three = semaphore.acquireAsync(3);
        awaitWaiters(1);
        assertThat(theirs.tryAcquire()).isEmpty();
        assertThat(semaphore.tryAcquire()).isEmpty();
        one.close();
        result(three).close();
        assertUnused();
    }

    @Test
    void acquire_byManyThreads_neverExceedsTheLimit() throws Exception {
        List<CompletableFuture<Boolean>> released = new ArrayList<>();
        AtomicInteger held = new AtomicInteger();
        for (int i = 0; i < 40; i++) {
            released.add((i % 2 == 0 ? semaphore : theirs)
                    .acquireAsync(1 + i % 3)
                    .thenCompose(permit -> {
                        assertThat(held.addAndGet(permit.permits())).isLessThanOrEqualTo(3);
                        held.addAndGet(-permit.permits());
                        return permit.releaseAsync();
                    }));
        }
        for (CompletableFuture<Boolean> each : released) {
            assertThat(result(each)).isTrue();
        }
        assertUnused();
    }

    @Test
    void tryAcquire_severalThreadsAtOnce_getAllThatIsFree() throws Exception {
        semaphore.acquire().close();
        List<CompletableFuture<Optional<Permit>>> tries = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            tries.add(CompletableFuture.supplyAsync(semaphore::tryAcquire, task -> new Thread(task).start()));
        }
        List<Permit> got = new ArrayList<>();
        for (CompletableFuture<Optional<Permit>> each : tries) {
            result(each).ifPresent(got::add);
        }
        assertThat(got).hasSize(3);
        got.forEach(Permit::close);
        assertUnused();
    }

    @Test
    void tryAcquire_withTimeout_isBounded() throws Exception {
        Permit all = theirs.acquire(3);
        Duration timeout = Duration.ofMillis(200);
        assertEndsInTime(
                timeout, () -> assertThat(semaphore.tryAcquire(2, timeout)).isEmpty());
        awaitWaiters(0);
        all.close();
        assertUnused();
    }

    @Test
    void acquire_interrupted_leavesTheQueue() throws Exception {
        Permit all = theirs.acquire(3);
        var waiting = other.start(
                () -> assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> semaphore.acquire(2)));
        awaitWaiters(1);
        other.interrupt();
        OtherThread.result(waiting);
        awaitWaiters(0);
        all.close();
        assertUnused();
    }

    @Test
    void acquireAsync_cancelled_letsThoseBehindIn() throws Exception {
        Permit two = theirs.acquire(2);
        CompletableFuture<Permit> wantsTwo = semaphore.acquireAsync(2);
        awaitWaiters(1);
        CompletableFuture<Permit> one = theirs.acquireAsync();
        awaitWaiters(2);
        wantsTwo.cancel(false);
        assertThat(result(one).isHeld()).isTrue();
        one.join().close();
        two.close();
        assertUnused();
    }

    @Test
    void drainPermits_takesWhatIsLeft() throws InterruptedException {
        Permit one = theirs.acquire();
        Permit rest = semaphore.drainPermits().orElseThrow();
        assertThat(rest.permits()).isEqualTo(2);
        assertThat(semaphore.drainPermits()).isEmpty();
        one.close();
        rest.close();
        assertUnused();
    }

    /** F42: a copy of the write may still be on its way. */
    @Test
    void release_afterAGuardedWrite_isNotHandedOnInTheProcess() throws Exception {
        Permit all = semaphore.acquire(3);
        CompletableFuture<Permit> next = semaphore.acquireAsync(3);
        assertThat(all.guard().txn().put(name + "-data", "x").commit()).isTrue();
        all.close();
        assertThat(result(next).token().revision()).isGreaterThan(all.token().revision());
        CompletableFuture<Permit> last = semaphore.acquireAsync(3);
        next.join().close();
        assertThat(result(last).token().revision())
                .isEqualTo(next.join().token().revision());
        last.join().close();
        assertUnused();
    }

    // Loss

    @Test
    void holdersSessionEnds_freesItsPermits() throws Exception {
        Permit all = theirs.acquire(3);
        CompletableFuture<Permit> waiting = semaphore.acquireAsync(3);
        await().untilAsserted(() -> assertThat(semaphore.waiters()).hasSize(1));
        look().revoke(there.session.leaseId());
        assertThat(result(waiting).isHeld()).isTrue();
        assertThat(all.lost().toCompletableFuture()).succeedsWithin(LONG).isEqualTo(LossReason.REVOKED);
        assertThat(all.release()).isFalse();
        waiting.join().close();
    }

    @Test
    void sessionEnds_whileWaiting_failsAtOnce() throws Exception {
        Permit all = theirs.acquire(3);
        CompletableFuture<Permit> waiting = semaphore.acquireAsync();
        awaitWaiters(1);
        here.session.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> result(waiting))
                .withCauseInstanceOf(SessionLostException.class);
        all.close();
        assertUnused();
    }

    @Test
    void operatorDeletesAClaim_losesThatPermitOnly() throws Exception {
        Permit first = semaphore.acquire();
        Permit second = semaphore.acquire();
        look().delete(EtcdLook.bytes(semaphore.holders().get(0).owner().key()));
        assertThat(first.lost().toCompletableFuture()).succeedsWithin(LONG).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(second.isHeld()).isTrue();
        assertThat(second.guard().txn().commit()).isTrue();
        second.close();
        assertUnused();
    }

    @Test
    void foreignKey_belowTheName_isNamed() {
        look().put(name + "/somebody", EtcdLook.bytes("x"), 0);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(semaphore::acquire)
                .withMessageContaining(name + "/somebody");
        look().delete(EtcdLook.bytes(name + "/somebody"));
        assertUnused();
    }

    @Test
    void name_usedAsAMutexByThisProcess_isRefused() throws InterruptedException {
        try (Grant mutex = here.mutex(name + "-m").acquire()) {
            assertThat(mutex.isHeld()).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> DistributedSemaphore.create(here.session, name + "-m", 2))
                    .withMessageContainingAll(name, "Mutex", "Semaphore");
            assertThat(here.connection
                            .client()
                            .getKVClient()
                            .get(EtcdLook.bytes(name + "-m/limit:2"))
                            .join()
                            .getKvs())
                    .as("a limit would be a foreign key in the mutex's queue")
                    .isEmpty();
        }
    }

    @Test
    void queueReport_showsWhoHoldsAndWhoWaits() throws Exception {
        assertThat(QueueReport.of(here.connection, name).queues()).isEmpty();
        Permit two = semaphore.acquire(2);
        CompletableFuture<Permit> waiting = theirs.acquireAsync(2);
        awaitWaiters(1);
        QueueReport report = QueueReport.of(here.connection, "");
        assertThat(report.queues())
                .filteredOn(queue -> queue.name().equals(name))
                .singleElement()
                .satisfies(queue -> {
                    assertThat(queue.claims()).hasSize(2);
                    assertThat(queue.granted()).isEqualTo(1);
                    assertThat(queue.foreign()).isEmpty();
                });
        assertThat(report.foreign()).noneMatch(key -> key.key().startsWith(name + "/"));
        two.close();
        result(waiting).close();
    }

    // The view

    @Test
    void asSemaphore_givesBackWhatItAcquired() throws InterruptedException {
        Semaphore view = semaphore.asSemaphore();
        view.acquire();
        view.acquireUninterruptibly();
        assertThat(view.tryAcquire()).isTrue();
        assertThat(view.tryAcquire()).isFalse();
        assertThat(view.availablePermits()).isZero();
        view.release(2);
        assertThat(view.availablePermits()).isEqualTo(2);
        assertThat(view.drainPermits()).isEqualTo(2);
        view.release();
        view.release(2);
        assertUnused();
        assertThatExceptionOfType(IllegalMonitorStateException.class).isThrownBy(view::release);
    }

    @Test
    void asSemaphore_partOfWhatWasAcquiredTogether_isRefusedAndKept() throws InterruptedException {
        Semaphore view = semaphore.asSemaphore();
        assertThat(view.tryAcquire(3, 1, TimeUnit.SECONDS)).isTrue();
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.release(2))
                .withMessageContaining("[3]");
        assertThat(view.availablePermits()).isZero();
        view.release(3);
        assertUnused();
    }
}
