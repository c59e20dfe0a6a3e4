/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** {@link BlockingQueueContract} lets right queues pass and refuses wrong ones, by each of its rules. */
class BlockingQueueContractIT {
    /** The rules that refuse a queue. A rule that no queue here offends against would be worth nothing. */
    private static final Map<IntFunction<BlockingQueue<String>>, List<String>> REFUSED = Map.of(
            BrokenQueue.Swapping::new,
            List.of("items_areTakenInTheOrderInWhichTheyWerePut"),
            BrokenQueue.Repeating::new,
            List.of("items_ofTwoProducers_reachOneTakerEachInTheirOrder"),
            BrokenQueue.Doubling::new,
            List.of("drainTo_takesAllOrSoMany", "empty_isToldByEachMethodInItsWay"),
            BrokenQueue.Unlimited::new,
            List.of(
                    "full_isToldByEachMethodInItsWay",
                    "put_full_waitsForRoom",
                    "offerTimed_timeout_isFalseInTimeAndPutsNothingLater",
                    "putAndOffer_interruptedWhileWaiting_throwAndPutNothing"),
            BrokenQueue.Throwing::new,
            List.of("empty_isToldByEachMethodInItsWay"),
            BrokenQueue.Tolerant::new,
            List.of("null_isRefused"),
            BrokenQueue.Hasty::new,
            List.of(
                    "take_empty_waitsForAnItem",
                    "put_full_waitsForRoom",
                    "pollTimed_timeout_isNullInTimeAndTakesNothingLater",
                    "offerTimed_timeout_isFalseInTimeAndPutsNothingLater",
                    "takeAndPoll_interruptedWhileWaiting_throwAndTakeNothing",
                    "putAndOffer_interruptedWhileWaiting_throwAndPutNothing",
                    "interruptFlagSet_throwsAndChangesNothing"),
            BrokenQueue.Late::new,
            List.of(
                    "pollTimed_timeout_isNullInTimeAndTakesNothingLater",
                    "offerTimed_timeout_isFalseInTimeAndPutsNothingLater"),
            BrokenQueue.Deaf::new,
            List.of(
                    "takeAndPoll_interruptedWhileWaiting_throwAndTakeNothing",
                    "putAndOffer_interruptedWhileWaiting_throwAndPutNothing",
                    "interruptFlagSet_throwsAndChangesNothing"));

    /** What is refused, instead of a subclass for each. */
    private static final ThreadLocal<IntFunction<BlockingQueue<String>>> refused =
            ThreadLocal.withInitial(() -> LinkedBlockingQueue::new);

    static class Refused extends BlockingQueueContract {
        private final IntFunction<BlockingQueue<String>> made = refused.get();

        @Override
        protected BlockingQueue<String> queue() {
            return made.apply(Integer.MAX_VALUE);
        }

        @Override
        protected BlockingQueue<String> limited(int capacity) {
            return made.apply(capacity);
        }

        @Override
        protected Duration patience() {
            return Duration.ofSeconds(1);
        }
    }

    @Test
    void brokenQueues_areRefusedByTheRulesThatTheyOffend() {
        ExecutorService threads = Executors.newFixedThreadPool(4);
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

    private static void assertRefused(IntFunction<BlockingQueue<String>> queue, List<String> rules) {
        refused.set(queue);
        JupiterRun run = JupiterRun.ofMethods(Refused.class, rules);
        assertThat(run.failed())
                .as(() -> queue.apply(1).getClass().getSimpleName() + ": " + run)
                .containsExactlyInAnyOrderElementsOf(rules);
    }

    @Test
    void rules_haveABrokenQueueEach() {
        Set<String> rules = Arrays.stream(BlockingQueueContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(java.lang.reflect.Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(REFUSED.values().stream().flatMap(List::stream).collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(rules);
    }

    /** The JDK's own, which show that the contract asks for nothing else than the JDK does. */
    @Nested
    class Linked extends BlockingQueueContract {
        @Override
        protected BlockingQueue<String> queue() {
            return new LinkedBlockingQueue<>();
        }

        @Override
        protected BlockingQueue<String> limited(int capacity) {
            return new LinkedBlockingQueue<>(capacity);
        }
    }

    @Nested
    class InAnArray extends BlockingQueueContract {
        @Override
        protected BlockingQueue<String> queue() {
            return limited(1_000);
        }

        @Override
        protected BlockingQueue<String> limited(int capacity) {
            return new ArrayBlockingQueue<>(capacity);
        }
    }
}
