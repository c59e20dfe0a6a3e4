/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Five hundred who want one lock (S26). */
@Isolated
class ManyWaitersIT {
    private static final Duration TTL = Duration.ofMinutes(10);
    private static final int WAITERS = 500;

    private final List<Party> parties = Collections.synchronizedList(new ArrayList<>());
    private final String name = Etcd.freshName();
    private final Turns turns = new Turns();
    private final List<FencingToken> tokens = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void leave() {
        parties.parallelStream().forEach(Party::close);
        CountedEtcd.endLeases();
    }

    private void join(int processes) {
        IntStream.range(0, processes).parallel().forEach(i -> parties.add(CountedEtcd.join(TTL)));
    }

    private CompletableFuture<Boolean> queue(Session session) {
        return Mutex.create(session, name).acquireAsync().thenCompose(grant -> {
            turns.begin("waiter", grant.token().revision());
            tokens.add(grant.token());
            turns.end();
            return grant.releaseAsync();
        });
    }

    private void awaitClaims(int count) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(CountedEtcd.look.claims(name)).hasSize(count));
    }

    private static void assertAllReleased(List<CompletableFuture<Boolean>> waiting) throws Exception {
        for (CompletableFuture<Boolean> each : waiting) {
            assertThat(each.get(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void assertInOrder() {
        turns.assertNoneOverlapped();
        assertThat(tokens).hasSize(WAITERS).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void release_fiveHundredSessionsWaiting_wakesThemOneByOneInOrder() throws Exception {
        int perConnection = 50;
        join(1 + WAITERS / perConnection);
        Grant first = parties.get(0).mutex(name).acquire();
        List<Party> waiters = parties.subList(1, parties.size());
        List<CompletableFuture<Boolean>> waiting = Collections.synchronizedList(new ArrayList<>());
        waiters.parallelStream()
                .forEach(party -> IntStream.range(0, perConnection).forEach(i -> {
                    Session session = Session.builder(party.connection).ttl(TTL).open();
                    waiting.add(queue(session));
                }));
        awaitClaims(1 + WAITERS);
        for (Party party : waiters) {
            // The mailboxes of its own and of the other sessions, and of each claim its own key and the one before.
            await().untilAsserted(
                            () -> assertThat(party.log.counts().watchesOpen()).isEqualTo(1 + 3 * perConnection));
            assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
        }
        waiters.forEach(party -> party.sent.clear());
        List<CallCounts> before =
                waiters.stream().map(party -> party.log.counts()).toList();
        long revision = CountedEtcd.look.revision();

        first.close();
        assertAllReleased(waiting);

        assertInOrder();
        assertThat(CountedEtcd.look.claims(name)).isEmpty();
        // One commit for each, and two where the message before had come to the end of what it carries.
        long commits = CountedEtcd.look.revision() - revision;
        assertThat(commits).isBetween((long) WAITERS, WAITERS + WAITERS / 8L);
        for (int i = 0; i < waiters.size(); i++) {
            CallCounts counts = waiters.get(i).log.counts().since(before.get(i));
            // The message, the deletion before, and perhaps the own deletion.
            assertThat(counts.watchEvents()).as("%s", counts).isLessThanOrEqualTo(3L * perConnection);
            assertThat(waiters.get(i).sent.watchesOf(name)).isZero();
            assertThat(counts.unaryCalls()).as("%s", counts).isBetween((long) perConnection, 2L * perConnection);
        }
    }

    @Test
    void release_fiftyProcessesOfTenWaiting_servesThemInOrderWithTwoWatchesEach() throws Exception {
        int processes = 50;
        join(1 + processes);
        Grant first = parties.get(0).mutex(name).acquire();
        List<Party> waiters = parties.subList(1, parties.size());
        List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
        for (int i = 0; i < WAITERS; i++) {
            waiting.add(queue(waiters.get(i % processes).session));
        }
        awaitClaims(1 + processes);
        for (Party party : waiters) {
            await().untilAsserted(
                            () -> assertThat(party.log.counts().watchesOpen()).isEqualTo(3));
            assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
        }
        waiters.forEach(party -> party.sent.clear());
        List<CallCounts> before =
                waiters.stream().map(party -> party.log.counts()).toList();

        first.close();
        assertAllReleased(waiting);

        assertInOrder();
        assertThat(tokens.stream().map(FencingToken::revision).distinct()).hasSize(processes);
        for (int i = 0; i < processes; i++) {
            CallCounts counts = waiters.get(i).log.counts().since(before.get(i));
            assertThat(counts.watchEvents()).as("%s", counts).isLessThanOrEqualTo(3);
            assertThat(waiters.get(i).sent.watchesOf(name)).isZero();
        }
    }
}
