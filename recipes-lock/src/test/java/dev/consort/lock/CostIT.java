/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.CostPage.Step;
import dev.consort.lock.CostPage.While;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each step costs in requests, commits, messages and watches: as docs/mutex.md says. */
@Isolated
class CostIT {
    /** Long enough that no renewal, which does other work too, falls into a test. */
    private static final Duration TTL = Duration.ofMinutes(10);

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private Party join() {
        Party party = CountedEtcd.join(TTL);
        parties.add(party);
        return party;
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
        CountedEtcd.endLeases();
    }

    /** Each row of the page is one that a test here asserts. */
    @Test
    void page_hasNoOtherRows() {
        assertThat(CostPage.rows()).isEqualTo(Step.values().length + While.values().length);
    }

    @Test
    void acquireAndRelease_uncontended_areOneRequestAndOneCommitEach() throws InterruptedException {
        Party party = join();
        Mutex mutex = party.mutex(name);
        mutex.acquire().close();
        for (int i = 0; i < 20; i++) {
            long revision = CountedEtcd.look.revision();
            CallCounts before = party.log.counts();
            Grant grant = mutex.acquire();
            assertRequests(party, before, Step.ACQUIRE.requests);
            assertThat(CountedEtcd.look.revision()).isEqualTo(revision + Step.ACQUIRE.commits);

            before = party.log.counts();
            assertThat(grant.release()).isTrue();
            assertRequests(party, before, Step.RELEASE.requests);
            assertThat(CountedEtcd.look.revision()).isEqualTo(revision + Step.ACQUIRE.commits + Step.RELEASE.commits);
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

        long revision = CountedEtcd.look.revision();
        CallCounts before = party.log.counts();
        party.sent.clear();
        for (int i = 0; i < 20; i++) {
            waiting.add(mutex.acquireAsync());
        }
        assertThat(mutex.tryAcquire()).isEmpty(); // after those before it
        CallCounts counts = party.log.counts().since(before);
        assertThat(counts.unaryCalls()).as("%s", counts).isEqualTo(20L * Step.JOIN.requests);
        assertThat(party.sent.watchesOf(name)).isZero();
        assertThat(CountedEtcd.look.revision()).isEqualTo(revision + 20L * Step.JOIN.commits);

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
        long revision = CountedEtcd.look.revision();
        long start = System.nanoTime();
        CallCounts before = party.log.counts();
        for (CompletableFuture<Grant> next : waiting) {
            assertThat(grant.release()).isTrue();
            grant = next.get(10, TimeUnit.SECONDS);
        }
        CallCounts counts = party.log.counts().since(before);
        assertThat(CountedEtcd.look.revision()).isEqualTo(revision + 20L * Step.LOCAL_HAND_OVER.commits);
        assertThat(counts.unaryCalls("KV/Txn")).as("%s", counts).isEqualTo(20L * Step.LOCAL_HAND_OVER.requests);
        // It may ask whether others wait, no more than once in 100 ms.
        assertThat(counts.unaryCalls("KV/Range"))
                .as("%s", counts)
                .isLessThanOrEqualTo(Etcd.since(start).toMillis() / 100);
        grant.close();
    }

    @Test
    void release_toKnownSuccessor_isOneCommitAndOneMessageAndWakesNobodyElse() throws Exception {
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            waiting.add(join().mutex(name).acquireAsync());
            int claims = i + 1;
            await().untilAsserted(
                            () -> assertThat(CountedEtcd.look.claims(name)).hasSize(claims));
        }
        for (int i = 0; i < 7; i++) {
            awaitWatches(parties.get(i), i == 0 ? 2 : 3);
        }
        parties.forEach(party -> party.sent.clear());
        List<CallCounts> settled =
                parties.stream().map(party -> party.log.counts()).toList();
        // A busy machine may bring the deletion of the claim before well ahead of the message, and then the waiter
        // looks
        // for itself and does not learn who follows. That is kept out of the figures.
        for (int i = 1; i < 7; i++) {
            String before = parties.get(i - 1).claim(name);
            parties.get(i).faults.every(Calls.toldOfDeletion(before)).dropMessages(Direction.TO_CLIENT);
        }
        // The first holder was alone when it came, and does not know who follows; then each tells the next one.
        Grant first = waiting.get(0).get(10, TimeUnit.SECONDS);
        long start = CountedEtcd.look.revision();
        assertThat(first.release()).isTrue();
        waiting.get(1).get(10, TimeUnit.SECONDS);
        assertThat(CountedEtcd.look.revision()).isEqualTo(start + Step.FIRST_HAND_OVER.commits);
        assertRequests(parties.get(0), settled.get(0), Step.FIRST_HAND_OVER.requests);
        for (int i = 1; i < 6; i++) {
            Grant grant = waiting.get(i).get(10, TimeUnit.SECONDS);
            long revision = CountedEtcd.look.revision();
            List<CallCounts> before =
                    parties.stream().map(party -> party.log.counts()).toList();

            assertThat(grant.release()).isTrue();
            waiting.get(i + 1).get(10, TimeUnit.SECONDS);

            assertThat(CountedEtcd.look.revision()).isEqualTo(revision + Step.HAND_OVER.commits);
            assertRequests(parties.get(i), before.get(i), Step.HAND_OVER.requests);
            assertRequests(parties.get(i + 1), before.get(i + 1), 0);
            CallCounts next = parties.get(i + 1).log.counts();
            assertThat(next.since(settled.get(i + 1)).watchEvents()).isBetween(1L, 2L);
            for (int k = i + 2; k < 7; k++) {
                assertRequests(parties.get(k), before.get(k), 0);
                assertThat(parties.get(k).log.counts().since(settled.get(k)).watchEvents())
                        .isZero();
            }
        }
        waiting.get(6).join().close();
        // Also what came late: the message, the deletion of the claim before, and its own deletion.
        for (int k = 1; k < 7; k++) {
            CallCounts counts = parties.get(k).log.counts().since(settled.get(k));
            assertThat(counts.watchEvents()).as("%s", counts).isBetween(1L, 3L);
            assertThat(parties.get(k).sent.watchesOf(name)).isZero();
            assertThat(counts.unaryCalls()).as("%s", counts).isEqualTo(1);
        }
    }

    /** Sixty-six sessions in a row: a message names those that follow, up to 64, and then somebody has to look again. */
    @Test
    void release_inALongQueue_readsWhoFollowsEvery64thTime() throws Exception {
        Party party = join();
        int count = 67;
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Session session = Session.builder(party.connection).ttl(TTL).open();
            waiting.add(Mutex.create(session, name).acquireAsync());
            CountedEtcd.look.awaitClaims(name, i + 1);
        }
        long start = CountedEtcd.look.revision();
        for (CompletableFuture<Grant> next : waiting) {
            assertThat(next.get(10, TimeUnit.SECONDS).release()).isTrue();
        }
        long handOvers = count - 1L;
        long lastRelease = Step.RELEASE.commits;
        long commits = CountedEtcd.look.revision() - start - lastRelease;
        long more = (long) Step.FIRST_HAND_OVER.commits - Step.HAND_OVER.commits;
        // Twice somebody must look; a busy machine may bring a deletion before its message more often.
        assertThat(commits).isBetween(handOvers * Step.HAND_OVER.commits + 2 * more, handOvers + 20 * more);
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
        awaitWatches(holder, While.OPEN.watches + 10 * While.HELD.watches);
        awaitWatches(waiter, While.OPEN.watches + 10 * While.WAITED_FOR.watches);
        int streams = While.OPEN.streams + 10 * (While.HELD.streams + While.WAITED_FOR.streams);
        for (Party party : parties) {
            assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(streams);
        }
    }

    /** The mailbox's; and after a moment that of its own claim, and that of the claim before it. */
    private static void awaitWatches(Party party, int count) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(count));
    }
}
