/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What counters and generators of ids promise, whatever server is behind them. */
abstract class CounterContract {
    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final AtomicCounter mine = AtomicCounter.create(here.connection, name);
    private final AtomicCounter theirs = AtomicCounter.create(there.connection, name);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
        server.endLeases();
        assertThat(Thread.interrupted()).isFalse();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void counter_isOneNumberForAll_asText() throws Exception {
        assertThat(mine.get()).isZero();
        assertThat(mine.increment()).isEqualTo(1);
        assertThat(theirs.add(41)).isEqualTo(42);
        assertThat(server.text(name)).isEqualTo("42");
        assertThat(soon(mine.incrementAsync())).isEqualTo(43);
        assertThat(soon(theirs.addAsync(-50))).isEqualTo(-7);
        assertThat(soon(mine.getAsync())).isEqualTo(-7);
        assertThat(mine.add(0)).isEqualTo(-7);
        server.put(name, "100");
        assertThat(mine.increment()).isEqualTo(101);
        assertThat(theirs.name()).isEqualTo(name);
        server.delete(name);
        assertThat(theirs.increment()).isEqualTo(1);
    }

    @Test
    void compareAndSet_onlyIfItIsThat() throws Exception {
        assertThat(mine.compareAndSet(1, 5)).isFalse();
        assertThat(mine.compareAndSet(0, 5)).isTrue();
        assertThat(theirs.compareAndSet(0, 6)).isFalse();
        assertThat(theirs.get()).isEqualTo(5);
        assertThat(soon(theirs.compareAndSetAsync(5, 7))).isTrue();
        assertThat(mine.compareAndSet(5, 8)).isFalse(); // what this one saw last is out of date
        assertThat(mine.compareAndSet(7, 7)).isTrue();
        assertThat(mine.get()).isEqualTo(7);
    }

    /** However many call at once: each has a result of its own, and a few commits hold them all. */
    @Test
    void increments_ofManyAtOnce_areBatchedAndDistinct() throws Exception {
        assertThat(mine.increment()).isEqualTo(1);
        long revision = server.revision();
        CallCounts before = here.log.counts();
        CallFault first = here.faults.next(Calls.putting(name)).hold();
        List<CompletableFuture<Long>> adding = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            adding.add(mine.incrementAsync());
        }
        first.release();
        Set<Long> results = new HashSet<>();
        for (CompletableFuture<Long> each : adding) {
            results.add(soon(each));
        }
        assertThat(results)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.rangeClosed(2, 1_001).boxed().toList());
        assertThat(server.revision() - revision).isEqualTo(2);
        assertThat(here.log.counts().since(before).unaryCalls()).isEqualTo(2);
        assertThat(theirs.get()).isEqualTo(1_001);
    }

    /** In the order in which they came, each from what the one before left. */
    @Test
    void operations_ofOneCommit_buildOnEachOther() throws Exception {
        CallFault first = here.faults.next(Calls.putting(name)).hold();
        CompletableFuture<Long> one = mine.incrementAsync();
        CompletableFuture<Long> two = mine.incrementAsync();
        CompletableFuture<Boolean> replaced = mine.compareAndSetAsync(2, 10);
        CompletableFuture<Boolean> refused = mine.compareAndSetAsync(2, 20);
        CompletableFuture<Long> eleven = mine.incrementAsync();
        first.release();
        assertThat(List.of(soon(one), soon(two), soon(eleven))).containsExactly(1L, 2L, 11L);
        assertThat(soon(replaced)).isTrue();
        assertThat(soon(refused)).isFalse();
        assertThat(theirs.get()).isEqualTo(11);
    }

    @Test
    void increments_ofSeveralProcesses_areAllCounted() throws Exception {
        List<Future<Set<Long>>> adding = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            AtomicCounter counter = i % 2 == 0 ? mine : theirs;
            adding.add(threads.start(() -> {
                Set<Long> results = new HashSet<>();
                for (int j = 0; j < 20; j++) {
                    results.add(counter.increment());
                }
                return results;
            }));
        }
        Set<Long> all = new HashSet<>();
        for (Future<Set<Long>> each : adding) {
            all.addAll(soon(each));
        }
        assertThat(all).hasSize(120);
        assertThat(mine.get()).isEqualTo(120);
    }

    @Test
    void overflow_failsTheOneAndNoOther() throws Exception {
        server.put(name, String.valueOf(Long.MAX_VALUE - 1));
        assertThat(mine.get()).isEqualTo(Long.MAX_VALUE - 1);
        CallFault first = here.faults.next(Calls.putting(name)).hold();
        CompletableFuture<Long> last = mine.incrementAsync();
        CompletableFuture<Long> tooMany = mine.addAsync(5);
        CompletableFuture<Long> back = mine.addAsync(-7);
        first.release();
        assertThat(soon(last)).isEqualTo(Long.MAX_VALUE);
        assertThat(soon(back)).isEqualTo(Long.MAX_VALUE - 7);
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(tooMany))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining(Long.MAX_VALUE + " + 5")
                .withMessageContaining(name);
        server.put(name, String.valueOf(Long.MIN_VALUE));
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.add(-1))
                .withMessageContaining(Long.MIN_VALUE + " - 1");
        assertThat(server.text(name)).isEqualTo(String.valueOf(Long.MIN_VALUE));
    }

    @Test
    void foreignValue_isRefusedNamingItAndNotOverwritten() {
        for (String foreign : List.of("", "1.5", "many", "99999999999999999999", "0x10", " 1")) {
            server.put(name, foreign);
            for (AtomicCounter each : List.of(mine, theirs)) {
                assertThatExceptionOfType(RecipeException.class)
                        .isThrownBy(each::increment)
                        .withMessageContaining(name)
                        .withMessageContaining("'" + foreign.substring(0, Math.min(32, foreign.length())) + "'");
                assertThatExceptionOfType(RecipeException.class).isThrownBy(each::get);
            }
            assertThat(server.text(name)).isEqualTo(foreign);
        }
        server.put(name, "6");
        assertThat(mine.increment()).isEqualTo(7);
    }

    @Test
    void add_answerLost_isAddedOnce() throws Exception {
        assertThat(mine.increment()).isEqualTo(1);
        CallFault lost = here.faults.loseNextReply(Calls.putting(name));
        assertThat(mine.increment()).isEqualTo(2);
        assertThat(lost.hits()).isEqualTo(1);
        CallFault copy = here.faults.next(Calls.putting(name)).duplicateOnRelease();
        assertThat(mine.increment()).isEqualTo(3);
        copy.release();
        soon(copy.landed());
        assertThat(theirs.get()).isEqualTo(3);
    }

    @Test
    void interruptedThread_keepsItsFlagAndGetsItsAnswer() {
        Thread.currentThread().interrupt();
        assertThat(mine.increment()).isEqualTo(1);
        assertThat(IdGenerator.create(here.connection, name + "-ids", 3).next()).isEqualTo(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void badInput_isRefusedNamingIt() {
        for (String bad : List.of("", "/a", "a//b", "a/")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> AtomicCounter.create(here.connection, bad))
                    .withMessageContaining("'" + bad + "'");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> IdGenerator.create(here.connection, bad, 1))
                    .withMessageContaining("'" + bad + "'");
        }
        for (int bad : new int[] {0, -1, 1_000_001}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> IdGenerator.create(here.connection, name, bad))
                    .withMessageContaining(name)
                    .withMessageContaining("blockSize " + bad + " ");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> IdGenerator.prefetching(here.connection, name, bad))
                    .withMessageContaining("blockSize " + bad + " ");
        }
    }

    // Ids

    @Test
    void ids_areReservedInBlocksBeforeTheyAreUsed() throws Exception {
        IdGenerator ids = IdGenerator.create(here.connection, name, 10);
        IdGenerator others = IdGenerator.create(there.connection, name, 3);
        assertThat(ids.next()).isEqualTo(1);
        assertThat(server.text(name)).isEqualTo("10");
        assertThat(others.next()).isEqualTo(11);
        assertThat(server.text(name)).isEqualTo("13");
        CallCounts before = here.log.counts();
        for (long id = 2; id <= 10; id++) {
            long next = id % 2 == 0 ? ids.next() : soon(ids.nextAsync());
            assertThat(next).isEqualTo(id);
        }
        assertThat(here.log.counts().since(before).unaryCalls()).isZero();
        assertThat(ids.next()).isEqualTo(14);
        assertThat(ids.name()).isEqualTo(name);
    }

    /** What the process before had left is lost, and never comes again. */
    @Test
    void ids_afterACrash_beginBeyondWhatWasReserved() {
        assertThat(IdGenerator.create(here.connection, name, 5).next()).isEqualTo(1);
        assertThat(IdGenerator.create(here.connection, name, 5).next()).isEqualTo(6);
        assertThat(IdGenerator.create(there.connection, name, 1).next()).isEqualTo(11);
    }

    @Test
    void ids_wantedByManyAtOnce_takeOneCommitForAll() throws Exception {
        IdGenerator ids = IdGenerator.create(here.connection, name, 10);
        CallFault first = here.faults.next(Calls.putting(name)).hold();
        long revision = server.revision();
        List<CompletableFuture<Long>> wanted = new ArrayList<>();
        for (int i = 0; i < 205; i++) {
            wanted.add(ids.nextAsync());
        }
        first.release();
        Set<Long> all = new HashSet<>();
        for (CompletableFuture<Long> each : wanted) {
            all.add(soon(each));
        }
        assertThat(all)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.rangeClosed(1, 205).boxed().toList());
        assertThat(server.text(name)).isEqualTo("210"); // one block for the first, and twenty for the others
        assertThat(server.revision() - revision).isEqualTo(2);
    }

    @Test
    void prefetching_reservesTheNextBlockInTime() {
        IdGenerator ids = IdGenerator.prefetching(here.connection, name, 10);
        assertThat(ids.next()).isEqualTo(1);
        assertThat(server.text(name)).isEqualTo("10");
        for (long id = 2; id <= 5; id++) {
            assertThat(ids.next()).isEqualTo(id);
        }
        await().until(() -> server.text(name).equals("20"));
        for (long id = 6; id <= 20; id++) {
            assertThat(ids.next()).isEqualTo(id);
        }
    }

    @Test
    void ids_whenTheNumbersAreUsedUp_saySo() {
        server.put(name, String.valueOf(Long.MAX_VALUE - 1));
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> IdGenerator.create(here.connection, name, 2).next())
                .withMessageContaining(name)
                .withMessageContaining("beyond");
        assertThat(IdGenerator.create(here.connection, name, 1).next()).isEqualTo(Long.MAX_VALUE);
    }
}
