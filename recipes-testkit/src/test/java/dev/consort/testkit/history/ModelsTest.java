/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.testkit.history.FifoQueueCall.Dequeued;
import dev.consort.testkit.history.FifoQueueCall.Enqueued;
import dev.consort.testkit.history.FifoQueueCall.FoundEmpty;
import dev.consort.testkit.history.ReadWriteLockCall.ReadLocked;
import dev.consort.testkit.history.ReadWriteLockCall.ReadUnlocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteLocked;
import dev.consort.testkit.history.ReadWriteLockCall.WriteUnlocked;
import dev.consort.testkit.history.ReentrantMutexCall.Counted;
import dev.consort.testkit.history.ReentrantMutexCall.Locked;
import dev.consort.testkit.history.ReentrantMutexCall.Unlocked;
import dev.consort.testkit.history.RegisterCall.Read;
import dev.consort.testkit.history.RegisterCall.Replaced;
import dev.consort.testkit.history.RegisterCall.Written;
import dev.consort.testkit.history.SemaphoreCall.Acquired;
import dev.consort.testkit.history.SemaphoreCall.Released;
import dev.consort.testkit.history.SetIfAbsentCall.Claimed;
import dev.consort.testkit.history.SetIfAbsentCall.Expired;
import dev.consort.testkit.history.SetIfAbsentCall.Removed;
import dev.consort.testkit.history.SetIfAbsentCall.Seen;
import org.junit.jupiter.api.Test;

/** What each model allows and does not, one operation after another. */
class ModelsTest {
    @Test
    void ownership_attemptsThatFail_haveNoEffect() {
        new Told<>(new OwnershipModel())
                .failed(new Ownership.Acquired(5, "a"))
                .ok(new Ownership.Acquired(3, "b"))
                .failed(new Ownership.Lost(3), new Ownership.Seen(9, "x"))
                .ok(new Ownership.Written(3))
                .notOk(new Ownership.Written(5));
    }

    @Test
    void reentrantMutex_isHeldUntilUnlockedAsOften() {
        new Told<>(new ReentrantMutexModel())
                .notOk(new Unlocked("a"))
                .failed(new Unlocked("a"))
                .notFailed(new Locked("a"))
                .ok(new Locked("a"), new Locked("a"), new Counted("a", 2), new Counted("b", 0))
                .notOk(new Counted("a", 1), new Counted("b", 2), new Locked("b"), new Unlocked("b"))
                .notFailed(new Locked("a"), new Unlocked("a"))
                .failed(new Locked("b"), new Counted("a", 7))
                .ok(new Unlocked("a"))
                .notOk(new Locked("b"))
                .ok(new Unlocked("a"), new Locked("b"), new Counted("b", 1));
    }

    @Test
    void reentrantMutex_lost_takesAllHolds() {
        new Told<>(new ReentrantMutexModel())
                .ok(new Locked("a"), new Locked("a"), new ReentrantMutexCall.Lost("b"))
                .notOk(new Locked("b"))
                .failed(new ReentrantMutexCall.Lost("a"))
                .notOk(new Locked("b"))
                .ok(new ReentrantMutexCall.Lost("a"), new Locked("b"))
                .notOk(new Unlocked("a"));
    }

    @Test
    void readWriteLock_manyReadersOrOneWriter() {
        new Told<>(new ReadWriteLockModel())
                .notFailed(new ReadLocked("a"), new WriteLocked("a"))
                .notOk(new ReadUnlocked("a"), new WriteUnlocked("a"))
                .ok(new ReadLocked("a"), new ReadLocked("b"), new ReadLocked("b"))
                .notOk(new WriteLocked("c"), new WriteLocked("a"), new ReadUnlocked("c"))
                .notFailed(new ReadLocked("c"), new ReadUnlocked("a"))
                .failed(new WriteLocked("c"), new WriteLocked("a"), new WriteUnlocked("a"))
                .ok(new ReadUnlocked("a"), new ReadUnlocked("b"))
                .notOk(new WriteLocked("c"))
                .ok(new ReadUnlocked("b"), new WriteLocked("c"), new WriteLocked("c"))
                .notOk(new ReadLocked("a"), new WriteLocked("a"), new WriteUnlocked("a"))
                .notFailed(new WriteLocked("c"), new WriteUnlocked("c"), new ReadLocked("c"))
                .failed(new ReadLocked("a"), new WriteLocked("a"), new ReadUnlocked("c"))
                .ok(new WriteUnlocked("c"))
                .notOk(new ReadLocked("a"))
                .ok(new WriteUnlocked("c"), new ReadLocked("a"));
    }

    @Test
    void readWriteLock_writerReads_andSoleReaderMayWrite() {
        new Told<>(new ReadWriteLockModel())
                .ok(new ReadLocked("a"))
                .failed(new WriteLocked("a"))
                .ok(new WriteLocked("a"), new ReadLocked("a"), new WriteUnlocked("a"), new ReadLocked("b"))
                .notOk(new WriteLocked("a"))
                .ok(new ReadWriteLockCall.Lost("c"), new ReadWriteLockCall.Lost("a"), new WriteLocked("b"))
                .failed(new ReadWriteLockCall.Lost("b"))
                .notOk(new ReadLocked("c"), new ReadUnlocked("a"))
                .ok(new ReadWriteLockCall.Lost("b"), new WriteLocked("c"));
    }

    @Test
    void semaphore_neverGivesMoreThanItHas() {
        new Told<>(new SemaphoreModel(3))
                .notOk(new Acquired("a", 4), new Released("a", 1))
                .failed(new Acquired("a", 4), new Released("a", 1))
                .notFailed(new Acquired("a", 3))
                .ok(new Acquired("a", 2), new Acquired("b", 1))
                .notOk(new Acquired("c", 1), new Released("b", 2), new Released("c", 1))
                .notFailed(new Released("a", 2))
                .failed(new Acquired("c", 1), new SemaphoreCall.Lost("a"))
                .notOk(new Acquired("c", 1))
                .ok(new Released("a", 1), new Acquired("c", 1))
                .notOk(new Released("a", 2))
                .ok(new SemaphoreCall.Lost("b"), new Acquired("c", 1))
                .notOk(new Acquired("c", 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new SemaphoreModel(0));
    }

    @Test
    void setIfAbsent_onlyTheFirstSets() {
        new Told<>(new SetIfAbsentModel())
                .notFailed(new Claimed("a"))
                .notOk(new Removed("a"), new Seen("a"))
                .ok(new Seen(""), new Claimed("a"), new Claimed("a"), new Seen("a"))
                .notOk(new Claimed("b"), new Seen("b"), new Seen(""), new Removed("b"))
                .notFailed(new Claimed("a"), new Removed("a"))
                .failed(new Claimed("b"), new Removed("b"), new Expired("a"), new Seen("x"))
                .ok(new Expired("b"), new Seen("a"), new Expired("a"), new Claimed("b"), new Removed("b"))
                .notOk(new Seen("b"))
                .ok(new Claimed("a"));
    }

    @Test
    void fifoQueue_firstInFirstOut_once() {
        new Told<>(new FifoQueueModel())
                .notOk(new Dequeued("a"))
                .ok(new FoundEmpty(), new Enqueued("a"), new Enqueued("b"))
                .notOk(new FoundEmpty(), new Dequeued("b"))
                .failed(new Enqueued("x"), new Dequeued("a"))
                .ok(new Dequeued("a"))
                .notOk(new Dequeued("a"), new Dequeued("x"), new FoundEmpty())
                .ok(new Dequeued("b"), new FoundEmpty());
    }

    /** Equal operations of unknown outcome may each have happened, and none more often than it was tried. */
    @Test
    void fifoQueue_equalUnknown_eachMayHaveTakenOne() {
        new Told<>(new FifoQueueModel())
                .ok(new Enqueued("a"), new Enqueued("b"), new Enqueued("c"), new Enqueued("d"))
                .unknown(new Dequeued(""))
                .notOk(new Dequeued("c"))
                .unknown(new Dequeued(""))
                .notOk(new Dequeued("d"))
                .ok(new Dequeued("c"), new Dequeued("d"), new FoundEmpty());
        new Told<>(new FifoQueueModel())
                .ok(new Enqueued("a"), new Enqueued("b"), new Enqueued("c"))
                .unknown(new Dequeued(""))
                .unknown(new Dequeued(""))
                .ok(new Dequeued("a"))
                .notOk(new Dequeued("a"))
                .ok(new Dequeued("c"))
                .notOk(new Dequeued("b"))
                .ok(new FoundEmpty());
    }

    @Test
    void fifoQueue_equalUnknown_theLaterOneTakesWhatCameLater() {
        new Told<>(new FifoQueueModel())
                .ok(new Enqueued("a"), new Enqueued("b"))
                .unknown(new Dequeued(""))
                .ok(new Dequeued("b"), new Enqueued("c"), new Enqueued("d"))
                .notOk(new Dequeued("d"))
                .unknown(new Dequeued(""))
                .ok(new Dequeued("d"), new FoundEmpty());
    }

    @Test
    void fifoQueue_unknown_mayHaveTakenAny() {
        new Told<>(new FifoQueueModel())
                .ok(new Enqueued("a"))
                .unknown(new Enqueued("b"))
                .ok(new Enqueued("c"))
                .unknown(new Dequeued(""))
                .notOk(new Dequeued("d"))
                .ok(new Dequeued("c"))
                .notOk(new Dequeued("a"), new Dequeued("c"));
        new Told<>(new FifoQueueModel())
                .unknown(new Enqueued("b"))
                .ok(new Enqueued("c"), new Dequeued("c"), new Dequeued("b"))
                .notOk(new Dequeued("b"));
    }

    @Test
    void register_holdsWhatWasWrittenLast() {
        new Told<>(new RegisterModel("0"))
                .ok(new Read("0"), new Written("1"), new Read("1"))
                .notOk(new Read("0"), new Replaced("0", "2"))
                .notFailed(new Replaced("1", "2"))
                .failed(new Replaced("0", "2"), new Written("3"), new Read("9"))
                .ok(new Read("1"), new Replaced("1", "2"), new Read("2"))
                .notOk(new Read("1"))
                .unknown(new Written("4"))
                .ok(new Read("2"), new Read("4"))
                .notOk(new Read("2"));
    }
}
