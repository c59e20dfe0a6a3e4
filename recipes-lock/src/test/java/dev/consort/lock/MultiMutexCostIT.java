/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What several names at once cost: as docs/multi-mutex.md says, with three of them. */
@Isolated
class MultiMutexCostIT {
    /** Long enough that no renewal, which does other work too, falls into a test. */
    private static final Duration TTL = Duration.ofMinutes(10);

    private static final Map<String, List<Integer>> PAGE = CostPage.read("multi-mutex.md");

    private final List<Party> parties = new ArrayList<>();
    private final List<String> asserted = new ArrayList<>();
    private final String name = Etcd.freshName();
    private final List<String> names = List.of(name + "-c", name + "-a", name + "-b");

    private Party join() {
        Party party = CountedEtcd.join(TTL);
        parties.add(party);
        return party;
    }

    private MultiMutex all(Party party) {
        return MultiMutex.create(party.session, names);
    }

    @AfterEach
    void leave() {
        assertThat(asserted).isSubsetOf(PAGE.keySet());
        parties.forEach(Party::close);
        CountedEtcd.endLeases();
    }

    private int cell(String row, int column) {
        asserted.add(row);
        assertThat(PAGE).containsKey(row);
        return PAGE.getOrDefault(row, List.of()).get(column);
    }

    /** The requests of all parties, and nothing but transactions. */
    private void assertCosts(String row, Action action) throws Exception {
        long revision = CountedEtcd.look.revision();
        List<CallCounts> before =
                parties.stream().map(party -> party.log.counts()).toList();
        action.run();
        long requests = 0;
        for (int i = 0; i < parties.size(); i++) {
            CallCounts counts = parties.get(i).log.counts().since(before.get(i));
            assertThat(counts.unaryCalls()).as("%s", counts).isEqualTo(counts.unaryCalls("KV/Txn"));
            requests += counts.unaryCalls();
        }
        assertThat(requests).as(row).isEqualTo(cell(row, 0));
        assertThat(CountedEtcd.look.revision() - revision).as(row).isEqualTo(cell(row, 1));
    }

    private interface Action {
        void run() throws Exception;
    }

    @Test
    void uncontended_oneRequestAndOneCommitEach() throws Exception {
        MultiMutex mutex = all(join());
        mutex.acquire().close();
        List<MultiGrant> grant = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            assertCosts("`acquire`, uncontended", () -> grant.add(mutex.acquire()));
            assertCosts("`release`, nobody waits", () -> grant.remove(0).release());
        }
    }

    @Test
    void handOver_toOneAndToSeveral_isTwoCommits() throws Exception {
        Party first = join();
        Party second = join();
        Party third = join();
        MultiGrant grant = all(first).acquire();
        CompletableFuture<MultiGrant> next = all(second).acquireAsync();
        await().until(() -> names.stream().allMatch(each -> second.sent.watchesOf(each) == 2));
        keepDeletionsUnseen(second, first);
        assertCosts("hand-over to whoever is next for each name", () -> {
            assertThat(grant.release()).isTrue();
            next.get(10, TimeUnit.SECONDS);
        });
        List<CompletableFuture<Grant>> singles = new ArrayList<>();
        for (String each : names) {
            Party party = singles.isEmpty() ? first : third;
            singles.add(party.mutex(each).acquireAsync());
            await().until(() -> party.sent.watchesOf(each) >= (party == first ? 1 : 2));
            CountedEtcd.look.awaitClaims(each, 2);
            party.faults.every(Calls.toldOfDeletion(second.claim(each))).dropMessages(Direction.TO_CLIENT);
        }
        await().until(() -> third.sent.watchesOf(names.get(2)) == 2);
        assertCosts("hand-over to whoever is next for each name", () -> {
            assertThat(next.join().release()).isTrue();
            for (CompletableFuture<Grant> single : singles) {
                single.get(10, TimeUnit.SECONDS);
            }
        });
    }

    /** A busy machine may bring a deletion well ahead of the message, and then the waiter looks for itself. */
    private void keepDeletionsUnseen(Party waiter, Party holder) {
        names.forEach(each ->
                waiter.faults.every(Calls.toldOfDeletion(holder.claim(each))).dropMessages(Direction.TO_CLIENT));
    }

    @Test
    void handOver_withinAProcess_isAReleaseAndAnAcquire() throws Exception {
        MultiMutex mutex = all(join());
        MultiGrant grant = mutex.acquire();
        CompletableFuture<MultiGrant> next = mutex.acquireAsync();
        assertCosts("hand-over within a process", () -> {
            assertThat(grant.release()).isTrue();
            next.get(10, TimeUnit.SECONDS);
        });
    }

    @Test
    void tryAcquire_oneNameTaken_isTwoCommits() throws Exception {
        Grant single = join().mutex(names.get(1)).acquire();
        MultiMutex mutex = all(join());
        assertCosts("`tryAcquire`, one name taken by another process", () -> {
            assertThat(mutex.tryAcquire()).isEmpty();
            names.forEach(each -> CountedEtcd.look.awaitClaims(each, each.equals(names.get(1)) ? 1 : 0));
        });
        single.close();
    }

    @Test
    void watches_areThoseOfAMutexForEachNameOnOneStream() throws InterruptedException {
        Party holder = join();
        Party waiter = join();
        MultiGrant grant = all(holder).acquire();
        CompletableFuture<MultiGrant> waits = all(waiter).acquireAsync();
        awaitWatches(holder, cell("a session is open", 0) + 3 * cell("a name is held", 0));
        awaitWatches(waiter, cell("a session is open", 0) + 3 * cell("a name is waited for behind another", 0));
        int streams = cell("a session is open", 1)
                + 3 * cell("a name is held", 1)
                + 3 * cell("a name is waited for behind another", 1);
        for (Party party : parties) {
            assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(streams);
        }
        assertThat(waits).isNotDone();
        grant.close();
    }

    /** Each row of the page is one that a test here asserts. */
    @Test
    void page_hasNoOtherRows() {
        assertThat(PAGE).hasSize(8);
    }

    private static void awaitWatches(Party party, int count) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(count));
    }
}
