/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** {@link LockContract} lets right locks pass and refuses wrong ones, by each of its rules. */
class LockContractIT {
    /** The rules that refuse a lock. A rule that no lock here offends against would be worth nothing. */
    private static final Map<Class<? extends BrokenLock>, List<String>> REFUSED = Map.ofEntries(
            Map.entry(
                    BrokenLock.Open.class,
                    List.of("lock_ofFreeLock_keepsOthersOutUntilUnlock", "tryLock_heldByAnother_isFalseAtOnce")),
            Map.entry(BrokenLock.Impatient.class, List.of("lock_heldByAnother_waitsForItsUnlock")),
            Map.entry(BrokenLock.Ownerless.class, List.of("lock_again_needsAsManyUnlocks")),
            Map.entry(
                    BrokenLock.Forgetful.class,
                    List.of("lock_again_needsAsManyUnlocks", "lockInterruptibly_ofFreeLock_locks")),
            Map.entry(
                    BrokenLock.Swallowing.class,
                    List.of(
                            "lock_interruptFlagSet_locksAndKeepsTheFlag",
                            "lock_interruptedWhileWaiting_waitsOnAndKeepsTheFlag",
                            "tryLock_interruptFlagSet_locksAndKeepsTheFlag",
                            "unlock_interruptFlagSet_unlocksAndKeepsTheFlag")),
            Map.entry(
                    BrokenLock.Startled.class,
                    List.of(
                            "lock_interruptFlagSet_locksAndKeepsTheFlag",
                            "lock_interruptedWhileWaiting_waitsOnAndKeepsTheFlag",
                            "tryLock_interruptFlagSet_locksAndKeepsTheFlag",
                            "unlock_interruptFlagSet_unlocksAndKeepsTheFlag")),
            Map.entry(
                    BrokenLock.Deaf.class,
                    List.of(
                            "lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag",
                            "lockInterruptibly_interruptFlagSetByTheOwner_throwsAndKeepsTheLock",
                            "lockInterruptibly_interruptedWhileWaiting_throwsAndClearsTheFlag",
                            "tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout",
                            "tryLockTimed_interruptFlagSetByTheOwner_throwsAndKeepsTheLock",
                            "tryLockTimed_interruptedWhileWaiting_throwsAndClearsTheFlag")),
            Map.entry(
                    BrokenLock.Hasty.class,
                    List.of(
                            "lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag",
                            "lockInterruptibly_interruptFlagSetByTheOwner_throwsAndKeepsTheLock",
                            "tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout",
                            "tryLockTimed_interruptFlagSetByTheOwner_throwsAndKeepsTheLock")),
            Map.entry(
                    BrokenLock.Insistent.class,
                    List.of(
                            "lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag",
                            "lockInterruptibly_interruptedWhileWaiting_throwsAndClearsTheFlag",
                            "tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout",
                            "tryLockTimed_interruptedWhileWaiting_throwsAndClearsTheFlag")),
            Map.entry(
                    BrokenLock.Haunted.class,
                    List.of(
                            "lockInterruptibly_interruptFlagSet_throwsAndClearsTheFlag",
                            "lockInterruptibly_interruptFlagSetByTheOwner_throwsAndKeepsTheLock",
                            "tryLockTimed_interruptFlagSet_throwsWhateverTheTimeout",
                            "tryLockTimed_interruptFlagSetByTheOwner_throwsAndKeepsTheLock",
                            "tryLockTimed_timeout_isFalseInTimeAndLeavesTheQueue")),
            Map.entry(
                    BrokenLock.Slow.class,
                    List.of("tryLock_heldByAnother_isFalseAtOnce", "tryLockTimed_zeroOrLess_doesNotWait")),
            Map.entry(BrokenLock.Early.class, List.of("tryLockTimed_timeout_isFalseInTimeAndLeavesTheQueue")),
            Map.entry(BrokenLock.Late.class, List.of("tryLockTimed_timeout_isFalseInTimeAndLeavesTheQueue")),
            Map.entry(BrokenLock.Overflowing.class, List.of("tryLockTimed_unlockedMeanwhile_locks")),
            Map.entry(BrokenLock.Pedantic.class, List.of("tryLockTimed_ofFreeLock_locks")),
            Map.entry(
                    BrokenLock.Lenient.class,
                    List.of("unlock_byAnotherThread_throwsAndKeepsTheLock", "unlock_onceTooOften_throws")),
            Map.entry(BrokenLock.Crowded.class, List.of("holders_oneAfterTheOther_seeWhatEarlierOnesWrote")),
            Map.entry(BrokenLock.Conditional.class, List.of("newCondition_worksOrIsNotSupported")),
            Map.entry(BrokenLock.Unconditional.class, List.of("newCondition_worksOrIsNotSupported")));

    /** What is refused, instead of a subclass for each. */
    private static final ThreadLocal<Supplier<Lock>> refused = ThreadLocal.withInitial(() -> ReentrantLock::new);

    static class Refused extends LockContract {
        private final Lock lock = refused.get().get();

        @Override
        protected Lock lock() {
            return lock;
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(700);
        }
    }

    /** Several at a time, for most of the time they wait. */
    @Test
    void brokenLocks_areRefusedByTheRulesThatTheyOffend() {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<CompletableFuture<Void>> runs = REFUSED.entrySet().stream()
                    .map(entry ->
                            CompletableFuture.runAsync(() -> assertRefused(entry.getKey(), entry.getValue()), threads))
                    .toList();
            runs.forEach(CompletableFuture::join);
        } finally {
            threads.shutdown();
        }
    }

    private static void assertRefused(Class<? extends BrokenLock> lock, List<String> rules) {
        refused.set(() -> make(lock));
        JupiterRun run = JupiterRun.ofMethods(Refused.class, rules);
        assertThat(run.failed()).as(() -> lock.getSimpleName() + ": " + run).containsExactlyInAnyOrderElementsOf(rules);
    }

    private static Lock make(Class<? extends BrokenLock> lock) {
        try {
            return lock.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a broken lock that cannot be made", e);
        }
    }

    @Test
    void rules_haveABrokenLockEach() {
        Set<String> rules = Arrays.stream(LockContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(java.lang.reflect.Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(REFUSED.values().stream().flatMap(List::stream).collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(rules);
    }

    /** The JDK's own lock, which shows that the contract asks for nothing else than the JDK does. */
    @Nested
    class Reentrant extends LockContract {
        private final ReentrantLock lock = new ReentrantLock();

        @Override
        protected Lock lock() {
            return lock;
        }
    }

    /** The lock that counts its holds as one, and has no conditions. */
    @Nested
    class NotReentrant extends LockContract {
        private final Lock lock = new Once();

        @Override
        protected Lock lock() {
            return lock;
        }

        @Override
        protected boolean isReentrant() {
            return false;
        }

        @Override
        protected boolean hasConditions() {
            return false;
        }
    }

    private static final class Once extends BrokenLock {
        @Override
        public boolean tryLock() {
            return !right.isHeldByCurrentThread() && right.tryLock();
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
            return (!right.isHeldByCurrentThread() || Thread.currentThread().isInterrupted())
                    && right.tryLock(time, unit);
        }

        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException("none");
        }
    }
}
