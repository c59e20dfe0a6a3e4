/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What {@link BlockingQueue} promises, as JUnit tests for any implementation that is first in, first out:
 *
 * <pre>{@code
 * class OurQueueTest extends BlockingQueueContract {
 *     @Override
 *     protected BlockingQueue<String> queue() {
 *         return new OurQueue<>();
 *     }
 *
 *     @Override
 *     protected BlockingQueue<String> limited(int capacity) {
 *         return new OurQueue<>(capacity);
 *     }
 * }
 * }</pre>
 *
 * <p>It asks for nothing that {@link java.util.concurrent.LinkedBlockingQueue} does not do:
 *
 * <ul>
 *   <li>items come out in the order in which they were put, each to one taker, by whichever of the methods
 *   <li>an empty queue and a full one are told by each method in its own way; {@code take} and {@code put} wait
 *   <li>with a timeout they give up neither early nor late, and then take or put nothing any more
 *   <li>where they may wait, an interrupt is thrown and cleared, also if they need not wait, and takes or puts nothing
 *   <li>{@code null} is refused; {@code drainTo} takes all, or so many
 * </ul>
 *
 * <p>It does not ask for what is shown of the items inside: iterators, {@code contains}, {@code remove(Object)}. Needs JUnit,
 * which the test kit does not bring along. Not threadsafe.
 */
public abstract class BlockingQueueContract {
    private static final Duration A_WHILE = Duration.ofMillis(80);
    private static final int ITEMS = 60;

    @SuppressWarnings("NullAway.Init") // before each test
    private OtherThread other;

    @SuppressWarnings("NullAway.Init")
    private OtherThread third;

    /** For subclasses. */
    protected BlockingQueueContract() {}

    /** A new queue that is empty and has room for 1,000 items at least. Called once in a test. */
    protected abstract BlockingQueue<String> queue();

    /** A new queue that is empty and has room for so many items. Called once in a test. */
    protected abstract BlockingQueue<String> limited(int capacity);

    /** How much longer than asked for anything may take; 250 ms if not overridden. */
    protected Duration lateness() {
        return Duration.ofMillis(250);
    }

    /** When to give up on something that must happen; 20 s if not overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    @BeforeEach
    final void startOtherThreads() {
        other = new OtherThread(patience());
        third = new OtherThread(patience());
    }

    @AfterEach
    final void endOtherThreads() {
        other.close();
        third.close();
        assertFalse(Thread.interrupted(), "interrupt flag left behind");
    }

    // Without waiting

    @Test
    void items_areTakenInTheOrderInWhichTheyWerePut() {
        BlockingQueue<String> queue = queue();
        assertTrue(queue.isEmpty());
        other.run(() -> {
            assertTrue(queue.add("1"));
            assertTrue(queue.offer("2"));
            queue.put("3");
            assertTrue(queue.offer("4", 1, TimeUnit.MINUTES));
            assertTrue(queue.addAll(List.of("5", "6")));
            assertEquals(6, queue.size());
            assertFalse(queue.isEmpty());
            assertEquals("1", queue.peek());
            assertEquals("1", queue.element());
            assertEquals("1", queue.remove());
            assertEquals("2", queue.poll());
            assertEquals("3", queue.take());
            assertEquals("4", queue.poll(1, TimeUnit.MINUTES));
            assertEquals(2, queue.size());
        });
    }

    @Test
    void empty_isToldByEachMethodInItsWay() {
        BlockingQueue<String> queue = queue();
        other.run(() -> {
            assertNull(queue.poll());
            assertNull(queue.peek());
            assertNull(queue.poll(0, TimeUnit.SECONDS));
            assertNull(queue.poll(-1, TimeUnit.SECONDS));
            assertThrows(NoSuchElementException.class, queue::remove);
            assertThrows(NoSuchElementException.class, queue::element);
            assertEquals(0, queue.drainTo(new ArrayList<>()));
            assertEquals(0, queue.size());
        });
    }

    @Test
    void full_isToldByEachMethodInItsWay() {
        BlockingQueue<String> queue = limited(2);
        other.run(() -> {
            assertEquals(2, queue.remainingCapacity());
            assertTrue(queue.offer("1"));
            assertEquals(1, queue.remainingCapacity());
            assertTrue(queue.add("2"));
            assertEquals(0, queue.remainingCapacity());
            assertFalse(queue.offer("3"));
            assertFalse(queue.offer("3", 0, TimeUnit.SECONDS));
            assertFalse(queue.offer("3", -1, TimeUnit.SECONDS));
            assertThrows(IllegalStateException.class, () -> queue.add("3"));
            assertEquals("1", queue.poll());
            assertTrue(queue.offer("3"));
            assertDrained(queue, "2", "3");
        });
    }

    @Test
    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // what a caller without checks may give
    void null_isRefused() {
        BlockingQueue<String> queue = queue();
        List<Executable> all = List.of(
                () -> queue.add(null),
                () -> queue.offer(null),
                () -> queue.put(null),
                () -> queue.offer(null, 1, TimeUnit.MINUTES),
                () -> queue.drainTo(null),
                () -> queue.drainTo(null, 1));
        for (Executable one : all) {
            assertThrows(NullPointerException.class, one);
        }
        assertEquals(0, queue.size());
    }

    @Test
    void drainTo_takesAllOrSoMany() {
        BlockingQueue<String> queue = queue();
        assertTrue(queue.addAll(List.of("1", "2", "3", "4", "5")));
        List<String> into = new ArrayList<>(List.of("0"));
        assertEquals(0, queue.drainTo(into, 0));
        assertEquals(0, queue.drainTo(into, -1));
        assertEquals(2, queue.drainTo(into, 2));
        assertEquals(List.of("0", "1", "2"), into);
        assertThrows(IllegalArgumentException.class, () -> queue.drainTo(queue));
        assertThrows(IllegalArgumentException.class, () -> queue.drainTo(queue, 1));
        assertDrained(queue, "3", "4", "5");
        assertTrue(queue.isEmpty());
    }

    // Waiting

    @Test
    void take_empty_waitsForAnItem() {
        BlockingQueue<String> queue = queue();
        Future<String> taken = other.start(queue::take);
        other.awaitWaiting(taken);
        Future<String> polled = third.start(() -> queue.poll(Long.MAX_VALUE, TimeUnit.DAYS));
        third.awaitWaiting(polled);
        assertFalse(taken.isDone() || polled.isDone(), "nothing was there");
        assertTrue(queue.addAll(List.of("1", "2")));
        List<String> both = new ArrayList<>(List.of(other.result(taken), third.result(polled)));
        both.sort(null);
        assertEquals(List.of("1", "2"), both);
    }

    @Test
    void put_full_waitsForRoom() {
        BlockingQueue<String> queue = limited(1);
        assertTrue(queue.offer("1"));
        Future<Boolean> put = other.start(() -> queue.put("2"));
        other.awaitWaiting(put);
        assertFalse(put.isDone(), "there was no room");
        assertEquals("1", queue.poll());
        assertTrue(other.result(put));
        Future<Boolean> offered = other.start(() -> queue.offer("3", Long.MAX_VALUE, TimeUnit.DAYS));
        other.awaitWaiting(offered);
        assertFalse(offered.isDone(), "there was no room");
        assertEquals("2", queue.poll());
        assertTrue(other.result(offered));
        assertDrained(queue, "3");
    }

    @Test
    void pollTimed_timeout_isNullInTimeAndTakesNothingLater() {
        BlockingQueue<String> queue = queue();
        assertInTime(() -> queue.poll(A_WHILE.toNanos(), TimeUnit.NANOSECONDS) == null);
        assertTrue(queue.offer("1"));
        assertDrained(queue, "1");
    }

    @Test
    void offerTimed_timeout_isFalseInTimeAndPutsNothingLater() {
        BlockingQueue<String> queue = limited(1);
        assertTrue(queue.offer("1"));
        assertInTime(() -> !queue.offer("2", A_WHILE.toNanos(), TimeUnit.NANOSECONDS));
        assertEquals("1", queue.poll());
        assertNull(queue.poll());
    }

    /** A machine may stand still for a moment, so one of three must not be late; each has to give up, and not too soon. */
    private void assertInTime(Callable<Boolean> gaveUp) {
        Duration longest = A_WHILE.plus(lateness());
        Duration took = timeTo(gaveUp);
        for (int left = 2; left > 0 && took.compareTo(longest) > 0; left--) {
            took = timeTo(gaveUp);
        }
        Duration last = took;
        assertTrue(last.compareTo(longest) <= 0, () -> "took " + last + " for " + A_WHILE);
    }

    private Duration timeTo(Callable<Boolean> gaveUp) {
        Duration took = other.call(() -> {
            long start = System.nanoTime();
            assertTrue(gaveUp.call());
            return Duration.ofNanos(System.nanoTime() - start);
        });
        assertTrue(took.compareTo(A_WHILE) >= 0, () -> "gave up after " + took + " of " + A_WHILE);
        return took;
    }

    // Interrupts

    @Test
    void takeAndPoll_interruptedWhileWaiting_throwAndTakeNothing() {
        BlockingQueue<String> queue = queue();
        assertInterrupted(() -> queue.take());
        assertInterrupted(() -> queue.poll(1, TimeUnit.DAYS));
        assertTrue(queue.addAll(List.of("1", "2")));
        assertDrained(queue, "1", "2");
    }

    @Test
    void putAndOffer_interruptedWhileWaiting_throwAndPutNothing() {
        BlockingQueue<String> queue = limited(1);
        assertTrue(queue.offer("1"));
        assertInterrupted(() -> queue.put("2"));
        assertInterrupted(() -> queue.offer("3", 1, TimeUnit.DAYS));
        assertEquals("1", queue.poll());
        assertNull(queue.poll());
    }

    private void assertInterrupted(Executable waits) {
        Future<Boolean> waiting = other.start(() -> {
            assertThrows(InterruptedException.class, waits);
            assertFalse(Thread.currentThread().isInterrupted(), "the flag is cleared");
        });
        other.awaitWaiting(waiting);
        assertFalse(waiting.isDone(), "it had to wait");
        other.interrupt();
        assertTrue(other.result(waiting));
    }

    @Test
    void interruptFlagSet_throwsAndChangesNothing() {
        BlockingQueue<String> queue = queue();
        assertTrue(queue.offer("1"));
        List<Executable> all = List.of(
                queue::take,
                () -> queue.poll(1, TimeUnit.DAYS),
                () -> queue.put("2"),
                () -> queue.offer("2", 1, TimeUnit.DAYS));
        for (Executable one : all) {
            other.run(() -> {
                Thread.currentThread().interrupt();
                assertThrows(InterruptedException.class, one);
                assertFalse(Thread.interrupted(), "the flag is cleared");
            });
        }
        assertDrained(queue, "1");
    }

    // Several threads

    @Test
    void items_ofTwoProducers_reachOneTakerEachInTheirOrder() {
        BlockingQueue<String> queue = queue();
        Queue<String> theirs = new ConcurrentLinkedQueue<>();
        Future<Boolean> taking = other.start(() -> {
            for (int i = 0; i < ITEMS; i++) {
                theirs.add(queue.take());
            }
        });
        Future<Boolean> putting = third.start(() -> {
            for (int i = 0; i < ITEMS; i++) {
                queue.put("b" + (100 + i));
            }
        });
        for (int i = 0; i < ITEMS; i++) {
            assertTrue(queue.offer("a" + (100 + i)));
        }
        assertTrue(third.result(putting));
        List<String> mine = new ArrayList<>();
        assertTrue(other.result(taking));
        queue.drainTo(mine);
        assertInOrder(theirs);
        assertInOrder(mine);
        List<String> all = new ArrayList<>(theirs);
        all.addAll(mine);
        all.sort(null);
        List<String> put = IntStream.range(0, 2 * ITEMS)
                .mapToObj(i -> (i < ITEMS ? "a" : "b") + (100 + i % ITEMS))
                .toList();
        assertEquals(put, all);
    }

    private static void assertInOrder(Iterable<String> taken) {
        for (String of : List.of("a", "b")) {
            List<String> order = new ArrayList<>();
            taken.forEach(item -> {
                if (item.startsWith(of)) {
                    order.add(item);
                }
            });
            assertEquals(order.stream().sorted().toList(), order, "of one producer and one taker");
        }
    }

    private static void assertDrained(BlockingQueue<String> queue, String... items) {
        List<String> all = new ArrayList<>();
        queue.drainTo(all);
        assertEquals(List.of(items), all);
    }
}
