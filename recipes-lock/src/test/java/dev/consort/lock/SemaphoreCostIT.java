/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each step of a semaphore costs: as docs/semaphore.md says. */
@Isolated
class SemaphoreCostIT {
    /** Long enough that no renewal, which does other work too, falls into a test. */
    private static final Duration TTL = Duration.ofMinutes(10);

    private static final Map<String, List<Integer>> PAGE = CostPage.read("semaphore.md");

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private Party join() {
        Party party = CountedEtcd.join(TTL);
        parties.add(party);
        return party;
    }

    @AfterEach
    void leave() {
        parties.parallelStream().forEach(Party::close);
        CountedEtcd.endLeases();
    }

    private static int cell(String row, int column) {
        return Objects.requireNonNull(PAGE.get(row), row).get(column);
    }

    @FunctionalInterface
    private interface Step<T> {
        T run() throws Exception;
    }

    private static <T> T assertCosts(String row, Party party, Step<T> step) throws Exception {
        long revision = CountedEtcd.look.revision();
        CallCounts before = party.log.counts();
        T result = step.run();
        CallCounts counts = party.log.counts().since(before);
        assertThat(counts.unaryCalls()).as("%s: %s", row, counts).isEqualTo((long) cell(row, 0));
        assertThat(CountedEtcd.look.revision() - revision).as(row).isEqualTo((long) cell(row, 1));
        return result;
    }

    @Test
    void uncontended() throws Exception {
        Party party = join();
        DistributedSemaphore semaphore =
                assertCosts("`create`", party, () -> DistributedSemaphore.create(party.session, name, 20));
        semaphore.acquire().close();
        for (int i = 0; i < 10; i++) {
            Permit permit = assertCosts("`acquire`, permits are free", party, () -> semaphore.acquire(2));
            assertThat(assertCosts("`release`, nobody waits", party, permit::release))
                    .isTrue();
        }
        assertThat(assertCosts("`availablePermits`, `limit`, `holders`, `waiters`", party, semaphore::availablePermits))
                .isEqualTo(20);
    }

    @Test
    void withinAProcess() throws Exception {
        Party party = join();
        DistributedSemaphore semaphore = DistributedSemaphore.create(party.session, name, 1);
        Permit held = semaphore.acquire();
        CompletableFuture<Permit> first = semaphore.acquireAsync();
        CountedEtcd.look.awaitClaims(name, 3);
        List<CompletableFuture<Permit>> more = assertCosts("`acquire` behind another of this process", party, () -> {
            List<CompletableFuture<Permit>> queued = new ArrayList<>();
            for (int i = 0; i < 499; i++) {
                queued.add(semaphore.acquireAsync());
            }
            assertThat(semaphore.tryAcquire()).isEmpty(); // after those before it
            return queued;
        });
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(4));
        assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
        assertThat(CountedEtcd.look.claims(name))
                .as("the limit, the holder and one who waits")
                .hasSize(3);
        long revision = CountedEtcd.look.revision();
        CallCounts before = party.log.counts();
        assertThat(held.release()).isTrue();
        first.get(10, TimeUnit.SECONDS);
        CallCounts counts = party.log.counts().since(before);
        // It may ask whether others wait, once in 10 ms at most.
        assertThat(counts.unaryCalls("KV/Txn")).as("%s", counts).isEqualTo(cell("hand-over within a process", 0));
        assertThat(counts.unaryCalls("KV/Range")).as("%s", counts).isLessThanOrEqualTo(1);
        assertThat(CountedEtcd.look.revision() - revision).isEqualTo(cell("hand-over within a process", 1));
        first.get(10, TimeUnit.SECONDS).close();
        for (CompletableFuture<Permit> each : more) {
            each.get(10, TimeUnit.SECONDS).close();
        }
    }

    @Test
    void waitersOfAProcess_takeLittleMemory() {
        Party party = join();
        AtomicInteger tries = new AtomicInteger();
        assertThat(Heap.leastOf(2048, () -> weightOfEach(party, name + "-" + tries.incrementAndGet())))
                .as("bytes of heap of each that waits")
                .isLessThan(2048);
    }

    private static long weightOfEach(Party party, String name) {
        DistributedSemaphore semaphore = DistributedSemaphore.create(party.session, name, 1);
        List<CompletableFuture<Permit>> all = new ArrayList<>();
        all.add(semaphore.acquireAsync());
        all.get(0).join();
        all.add(semaphore.acquireAsync());
        CountedEtcd.look.awaitClaims(name, 3);
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(4));
        long heap = Heap.used();
        for (int i = 0; i < 499; i++) {
            all.add(semaphore.acquireAsync());
        }
        long each = (Heap.used() - heap) / 499;
        all.forEach(next -> next.orTimeout(10, TimeUnit.SECONDS).join().close());
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(1));
        System.out.println("heap per waiter: " + each + " bytes");
        return each;
    }

    /** One is let in, and one comes to know that it is the next: nobody else hears of it. */
    @Test
    void release_fiftySessionsWaiting_wakesOneAndTellsTheNext() throws Exception {
        Party first = join();
        DistributedSemaphore semaphore = DistributedSemaphore.create(first.session, name, 5);
        List<Permit> held = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            held.add(semaphore.acquire());
        }
        List<CompletableFuture<Permit>> waiting = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            waiting.add(DistributedSemaphore.create(join().session, name, 5).acquireAsync());
            CountedEtcd.look.awaitClaims(name, 1 + 5 + i + 1);
        }
        for (Party party : parties.subList(1, 51)) {
            await().untilAsserted(
                            () -> assertThat(party.log.counts().watchesOpen()).isEqualTo(3));
        }
        List<Long> calls = new ArrayList<>();
        List<Long> commits = new ArrayList<>();
        List<Long> callsOfGranted = new ArrayList<>();
        List<Long> eventsOfNext = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Party granted = parties.get(1 + i);
            Party next = parties.get(2 + i);
            await().untilAsserted(
                            () -> assertThat(granted.log.counts().watchesOpen()).isEqualTo(3));
            List<CallCounts> before =
                    parties.stream().map(party -> party.log.counts()).toList();
            CallCounts nextBefore = before.get(2 + i);
            long revision = CountedEtcd.look.revision();
            assertThat(held.remove(0).release()).isTrue();
            waiting.get(i).get(10, TimeUnit.SECONDS);
            commits.add(CountedEtcd.look.revision() - revision);
            calls.add(first.log.counts().since(before.get(0)).unaryCalls());
            await().untilAsserted(() ->
                    assertThat(next.log.counts().since(nextBefore).unaryCalls()).isEqualTo(1));
            CallCounts costs = granted.log.counts().since(before.get(1 + i));
            callsOfGranted.add(costs.unaryCalls());
            assertThat(costs.watchEvents()).isBetween(1L, 3L);
            eventsOfNext.add(next.log.counts().since(nextBefore).watchEvents());
            for (int k = 3 + i; k < parties.size(); k++) {
                CallCounts others = parties.get(k).log.counts().since(before.get(k));
                assertThat(others.watchEvents()).isZero();
                assertThat(others.unaryCalls()).isZero();
            }
        }
        // Who sees that a permit is free some milliseconds before its message comes looks for itself: on a busy machine
        // that happens now and then.
        String row = "`release`, somebody waits";
        assertThat(calls).as(row).containsOnly((long) cell(row, 0));
        assertThat(Collections.min(commits)).as("%s: %s", row, commits).isEqualTo((long) cell(row, 1));
        assertThat(commits).allMatch(count -> count <= cell(row, 1) + 1);
        assertThat(callsOfGranted).allMatch(count -> count <= 3);
        assertThat(eventsOfNext).allMatch(count -> count <= 2);
        assertThat(Collections.min(callsOfGranted)).as("%s", callsOfGranted).isZero();
        assertThat(Collections.min(eventsOfNext)).as("%s", eventsOfNext).isEqualTo(1);
        held.forEach(Permit::close);
        for (CompletableFuture<Permit> each : waiting) {
            each.get(10, TimeUnit.SECONDS).close();
        }
    }
}
