/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What each step costs in requests, commits, messages and watches. */
class CostIT {
    /** Long enough that no renewal, which does other work too, falls into a test. */
    private static final Duration TTL = Duration.ofMinutes(10);

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private Party join() {
        Party party = Party.join(TTL);
        parties.add(party);
        return party;
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
    }

    @Test
    void acquireAndRelease_uncontended_areOneRequestAndOneCommitEach() throws InterruptedException {
        Party party = join();
        Mutex mutex = party.mutex(name);
        mutex.acquire().close();
        for (int i = 0; i < 20; i++) {
            long revision = Etcd.revision();
            CallCounts before = party.log.counts();
            Grant grant = mutex.acquire();
            assertRequests(party, before, 1);
            assertThat(Etcd.revision()).isEqualTo(revision + 1);

            before = party.log.counts();
            assertThat(grant.release()).isTrue();
            assertRequests(party, before, 1);
            assertThat(Etcd.revision()).isEqualTo(revision + 2);
        }
    }

    /** Transactions, and nothing else. */
    private static void assertRequests(Party party, CallCounts before, int transactions) {
        CallCounts counts = party.log.counts().since(before);
        assertThat(counts.unaryCalls("KV/Txn")).as("%s", counts).isEqualTo(transactions);
        assertThat(counts.unaryCalls()).as("%s", counts).isEqualTo(transactions);
    }

    @Test
    void acquire_nameQueuedHereAlready_addsNothing() throws Exception {
        Party party = join();
        Mutex mutex = party.mutex(name);
        Grant holder = join().mutex(name).acquire();
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        waiting.add(mutex.acquireAsync());
        awaitWatches(party, 3);

        long revision = Etcd.revision();
        CallCounts before = party.log.counts();
        party.sent.clear();
        for (int i = 0; i < 20; i++) {
            waiting.add(mutex.acquireAsync());
        }
        assertThat(mutex.tryAcquire()).isEmpty(); // after those before it
        CallCounts counts = party.log.counts().since(before);
        assertThat(counts.unaryCalls()).as("%s", counts).isZero();
        assertThat(party.sent.watchesOf(name)).isZero();
        assertThat(Etcd.revision()).isEqualTo(revision);

        holder.close();
        for (CompletableFuture<Grant> each : waiting) {
            each.get(10, TimeUnit.SECONDS).close();
        }
    }

    @Test
    void release_toWaiterOfTheSameProcess_addsNothing() throws Exception {
        Party party = join();
        Mutex mutex = party.mutex(name);
        Grant grant = mutex.acquire();
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            waiting.add(mutex.acquireAsync());
        }
        long revision = Etcd.revision();
        long start = System.nanoTime();
        CallCounts before = party.log.counts();
        for (CompletableFuture<Grant> next : waiting) {
            assertThat(grant.release()).isTrue();
            grant = next.get(10, TimeUnit.SECONDS);
        }
        CallCounts counts = party.log.counts().since(before);
        assertThat(Etcd.revision()).isEqualTo(revision);
        assertThat(counts.unaryCalls("KV/Txn")).as("%s", counts).isZero();
        // It may ask whether others wait, no more than once in 100 ms.
        assertThat(counts.unaryCalls("KV/Range"))
                .as("%s", counts)
                .isLessThanOrEqualTo(LockContract.since(start).toMillis() / 100);
        grant.close();
    }

    @Test
    void release_toKnownSuccessor_isOneCommitAndOneMessageAndWakesNobodyElse() throws Exception {
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            waiting.add(join().mutex(name).acquireAsync());
            int claims = i + 1;
            await().untilAsserted(() -> assertThat(Etcd.claims(name)).hasSize(claims));
        }
        for (int i = 0; i < 7; i++) {
            awaitWatches(parties.get(i), i == 0 ? 2 : 3);
        }
        parties.forEach(party -> party.sent.clear());
        List<CallCounts> settled =
                parties.stream().map(party -> party.log.counts()).toList();
        // The first holder was alone when it came, and does not know who follows; then each tells the next one.
        waiting.get(0).get(10, TimeUnit.SECONDS).close();
        List<Long> readsOfNext = new ArrayList<>();
        for (int i = 1; i < 6; i++) {
            Grant grant = waiting.get(i).get(10, TimeUnit.SECONDS);
            long revision = Etcd.revision();
            List<CallCounts> before =
                    parties.stream().map(party -> party.log.counts()).toList();

            assertThat(grant.release()).isTrue();
            waiting.get(i + 1).get(10, TimeUnit.SECONDS);

            assertThat(Etcd.revision()).isEqualTo(revision + 1);
            assertRequests(parties.get(i), before.get(i), 1);
            CallCounts next = parties.get(i + 1).log.counts();
            assertThat(next.since(settled.get(i + 1)).watchEvents()).isBetween(1L, 2L);
            readsOfNext.add(next.since(before.get(i + 1)).unaryCalls());
            for (int k = i + 2; k < 7; k++) {
                assertRequests(parties.get(k), before.get(k), 0);
                assertThat(parties.get(k).log.counts().since(settled.get(k)).watchEvents())
                        .isZero();
            }
        }
        // It looks for itself when the deletion comes and the message does not, which a busy machine can bring about.
        assertThat(readsOfNext).filteredOn(reads -> reads > 0).hasSizeLessThanOrEqualTo(2);
        waiting.get(6).join().close();
        // Also what came late: the message, the deletion of the claim before, and its own deletion.
        for (int k = 1; k < 7; k++) {
            CallCounts counts = parties.get(k).log.counts().since(settled.get(k));
            assertThat(counts.watchEvents()).as("%s", counts).isBetween(1L, 3L);
            assertThat(parties.get(k).sent.watchesOf(name)).isZero();
            assertThat(counts.unaryCalls()).as("%s", counts).isBetween(1L, 2L);
        }
    }

    @Test
    void watches_ofManyNames_areTwoForEachAndOneForTheSessionOnOneStream() throws InterruptedException {
        Party holder = join();
        Party waiter = join();
        for (int i = 0; i < 10; i++) {
            Grant unused = holder.mutex(name + "-" + i).acquire();
            assertThat(unused.isHeld()).isTrue();
            for (int k = 0; k < 5; k++) {
                CompletableFuture<Grant> waits = waiter.mutex(name + "-" + i).acquireAsync();
                assertThat(waits).isNotDone();
            }
        }
        awaitWatches(holder, 11);
        awaitWatches(waiter, 21);
        for (Party party : parties) {
            assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
        }
    }

    /** The mailbox's; and after a moment that of its own claim, and that of the claim before it. */
    private static void awaitWatches(Party party, int count) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(count));
    }
}
