/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What readers and writers of several processes get, whatever server is behind them. */
abstract class ReadWriteLockContract {
    private final List<Party> parties = new ArrayList<>();
    private final String name = Names.fresh();

    /** Another process. */
    abstract Party another();

    /** A look into the server. */
    abstract EtcdLook look();

    private ReadWriteLock join() {
        Party party = another();
        parties.add(party);
        return ReadWriteLock.create(party.session, name);
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void readersShare_writersDoNot_andWhoComesFirstIsFirst() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant r1 = one.readLock().acquire();
        Grant r2 = two.readLock().acquire();
        CompletableFuture<Grant> w = two.writeLock().acquireAsync();
        look().awaitClaims(name, 3);
        CompletableFuture<Grant> late = join().readLock().acquireAsync();
        look().awaitClaims(name, 4);
        assertThat(one.holders())
                .hasSize(2)
                .allSatisfy(owner -> assertThat(owner.process())
                        .contains(ProcessHandle.current().pid()));
        assertThat(one.waiters())
                .hasSize(2)
                .first()
                .satisfies(owner -> assertThat(owner.key()).startsWith(name + "/write:"));
        assertThat(join().readLock().tryAcquire()).isEmpty();
        r1.close();
        r2.close();
        Grant written = get(w);
        assertThat(two.holders())
                .singleElement()
                .satisfies(owner -> assertThat(owner.key()).startsWith(name + "/write:"));
        assertThat(written.token()).isGreaterThan(r1.token()).isGreaterThan(r2.token());
        assertThat(late).isNotDone();
        written.close();
        Grant last = get(late);
        assertThat(last.token()).isGreaterThan(written.token());
        last.close();
        assertThat(one.holders()).isEmpty();
    }

    @Test
    void downgrade_letsReadersIn_andNoWriterBetween() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant write = one.writeLock().acquire();
        Grant read = one.downgrade(write).orElseThrow();
        assertThat(write.isHeld()).isFalse();
        assertThat(one.downgrade(write)).isEmpty();
        assertThat(one.holders())
                .singleElement()
                .satisfies(owner ->
                        assertThat(owner.revision()).isEqualTo(read.token().revision()));
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        two.readLock().tryAcquire().orElseThrow().close();
        assertThat(read.guard().txn().put(name + "-data", "x").commit()).isTrue();
        assertThat(write.guard().txn().put(name + "-data", "late").commit()).isFalse();
        assertThat(one.tryUpgrade(read)).isEmpty();
        read.close();
        two.writeLock().tryAcquire().orElseThrow().close();
    }

    @Test
    void tryUpgrade_soleReaderOnly() throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant read = one.readLock().acquire();
        Grant other = two.readLock().acquire();
        assertThat(one.tryUpgrade(read)).isEmpty();
        assertThat(read.isHeld()).isTrue();
        other.close();
        try (Grant write = one.tryUpgrade(read).orElseThrow()) {
            assertThat(write.token()).isGreaterThan(read.token());
            assertThat(two.readLock().tryAcquire()).isEmpty();
            assertThat(read.release()).isFalse();
        }
        two.writeLock().tryAcquire().orElseThrow().close();
    }

    @Test
    void exchange_ofAnotherGrant_isRefused() throws Exception {
        ReadWriteLock lock = join();
        Party party = parties.get(0);
        try (Grant read = lock.readLock().acquire();
                Grant mutex = party.mutex(Names.fresh()).acquire();
                Grant other = ReadWriteLock.create(party.session, Names.fresh())
                        .writeLock()
                        .acquire()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> lock.downgrade(read))
                    .withMessageContaining(name);
            assertThatIllegalArgumentException().isThrownBy(() -> lock.downgrade(mutex));
            assertThatIllegalArgumentException().isThrownBy(() -> lock.downgrade(other));
            assertThatIllegalArgumentException().isThrownBy(() -> lock.tryUpgrade(other));
        }
    }

    @Test
    void nameOfAMutex_isRefusedWhileThatIsUsed() throws Exception {
        ReadWriteLock lock = join();
        try (Grant mutex = parties.get(0).mutex(name).acquire()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> lock.readLock().acquire())
                    .withMessageContaining("'" + name + "'");
            assertThat(mutex.isHeld()).isTrue();
        }
    }

    /** A writer unlocks before its reader: the reader goes on, in the same place. */
    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_writerThatReads_keepsReading() {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        java.util.concurrent.locks.ReadWriteLock view = one.asReadWriteLock();
        view.writeLock().lock();
        view.readLock().lock();
        view.readLock().lock();
        view.writeLock().unlock();
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        two.readLock().tryAcquire().orElseThrow().close();
        view.readLock().unlock();
        assertThat(two.writeLock().tryAcquire()).isEmpty();
        view.readLock().unlock();
        two.writeLock().tryAcquire().orElseThrow().close();
        await().untilAsserted(() -> assertThat(look().claims(name)).isEmpty());
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_readerThatWantsToWrite_isToldAtOnce() throws Exception {
        java.util.concurrent.locks.ReadWriteLock view = join().asReadWriteLock();
        view.readLock().lock();
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.writeLock().lock())
                .withMessageContainingAll(name, "tryUpgrade");
        assertThatExceptionOfType(IllegalMonitorStateException.class)
                .isThrownBy(() -> view.writeLock().lockInterruptibly());
        assertThat(view.writeLock().tryLock()).isFalse();
        assertThat(view.writeLock().tryLock(1, TimeUnit.HOURS)).isFalse();
        view.readLock().unlock();
        view.writeLock().lock();
        view.writeLock().unlock();
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry")
    void view_writerThatReadsAndStopsReadingFirst_goesOnWriting() {
        ReadWriteLock one = join();
        java.util.concurrent.locks.ReadWriteLock view = one.asReadWriteLock();
        view.writeLock().lock();
        view.readLock().lock();
        view.readLock().unlock();
        assertThat(join().readLock().tryAcquire()).isEmpty();
        view.writeLock().unlock();
    }

    // Waits that end early

    @ParameterizedTest
    @EnumSource
    void wait_endsEarly_leavesNoClaimAndLetsOthersIn(ReadOrWrite mode) throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        try (OtherThread thread = new OtherThread();
                Grant grant = mode.opposite().of(one).acquire()) {
            assertThat(mode.of(two).tryAcquire()).isEmpty();
            assertThat(mode.of(two).tryAcquire(Duration.ofMillis(5))).isEmpty();
            CompletableFuture<Grant> cancelled = mode.of(two).acquireAsync();
            look().awaitClaims(name, 2);
            assertThat(cancelled.cancel(false)).isTrue();
            look().awaitClaims(name, 1);
            var interrupted = thread.start(() -> assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() -> mode.of(two).acquire()));
            look().awaitClaims(name, 2);
            thread.interrupt();
            OtherThread.result(interrupted);
            look().awaitClaims(name, 1);
            assertThat(mode.of(two).tryRun(Duration.ZERO, unused -> {
                        throw new AssertionError("ran");
                    }))
                    .isFalse();
            assertThat(grant.isHeld()).isTrue();
        }
        assertThat(mode.of(two).tryRun(Duration.ZERO, unused -> {})).isTrue();
        look().awaitClaims(name, 0);
    }

    // Ends of grants

    @ParameterizedTest
    @EnumSource
    void release_twice_isFalseAndFreesNothingOfOthers(ReadOrWrite mode) throws Exception {
        ReadWriteLock one = join();
        Grant first = mode.of(one).acquire();
        assertThat(first.release()).isTrue();
        Grant second = mode.of(one).acquire();
        assertThat(first.release()).isFalse();
        first.close();
        assertThat(second.isHeld()).isTrue();
        assertThat(join().writeLock().tryAcquire()).isEmpty();
        assertThat(second.release()).isTrue();
        look().awaitClaims(name, 0);
    }

    @ParameterizedTest
    @EnumSource
    void session_revoked_isToldAndOthersGoOn(ReadOrWrite mode) throws Exception {
        ReadWriteLock one = join();
        ReadWriteLock two = join();
        Grant lost = mode.of(one).acquire();
        CompletableFuture<Grant> waits = two.writeLock().acquireAsync();
        look().awaitClaims(name, 2);
        look().revoke(parties.get(0).session.leaseId());
        assertThat(get(lost.lost().toCompletableFuture())).isEqualTo(LossReason.REVOKED);
        assertThat(lost.isHeld()).isFalse();
        assertThat(mode == ReadOrWrite.WRITE ? one.downgrade(lost) : one.tryUpgrade(lost))
                .isEmpty();
        assertThat(lost.release()).isFalse();
        Grant next = get(waits);
        assertThat(next.token()).isGreaterThan(lost.token());
        assertThat(next.release()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void claim_deletedByAnOperator_isLostAndTheNameGoesOn(ReadOrWrite mode) throws Exception {
        ReadWriteLock one = join();
        Grant lost = mode.of(one).acquire();
        look().delete(look().claims(name).get(0).getKey());
        assertThat(get(lost.lost().toCompletableFuture())).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(lost.release()).isFalse();
        try (Grant next = mode.of(one).acquire()) {
            assertThat(next.token()).isGreaterThan(lost.token());
        }
    }

    // What users do wrong

    @Test
    void exchange_afterTheRelease_isEmpty() throws Exception {
        ReadWriteLock lock = join();
        Grant write = lock.writeLock().acquire();
        assertThat(write.release()).isTrue();
        assertThat(lock.downgrade(write)).isEmpty();
        Grant read = lock.readLock().acquire();
        assertThat(read.release()).isTrue();
        assertThat(lock.tryUpgrade(read)).isEmpty();
        look().awaitClaims(name, 0);
    }

    /** It blocks a writer, who would be behind it for ever, and not readers, who need not go by it. */
    @Test
    void foreignKeyBelowTheName_isNamedToAWriterWhomItBlocks() throws Exception {
        ReadWriteLock lock = join();
        look().put(name + "/notes", EtcdLook.bytes("mine"), 0);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> lock.writeLock().acquire())
                .withMessageContainingAll(name + "/notes", "delete that key");
        lock.readLock().acquire().close();
        look().delete(EtcdLook.bytes(name + "/notes"));
        lock.writeLock().acquire().close();
        look().awaitClaims(name, 0);
    }

    @Test
    void names_areThoseOfAnyRecipe() {
        ReadWriteLock lock = join();
        Session session = parties.get(0).session;
        assertThat(lock.name()).isEqualTo(name);
        assertThat(lock).hasToString("ReadWriteLock '" + name + "'");
        for (String bad : List.of("", "/a", "a/", "a//b")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ReadWriteLock.create(session, bad))
                    .withMessageContaining("'" + bad + "'");
        }
    }
}
