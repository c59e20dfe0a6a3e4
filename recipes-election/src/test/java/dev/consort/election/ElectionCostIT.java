/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.ElectionCostPage.Row;
import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each operation costs, by counting calls and the revisions of a server that nobody else uses meanwhile. */
@Isolated("counts revisions")
class ElectionCostIT {
    private final String name = Peer.newName();
    private final List<Peer> peers = new ArrayList<>();
    private final Map<Peer, CallFault> checks = new HashMap<>();

    @BeforeEach
    void join() {
        for (int i = 0; i < 4; i++) {
            peers.add(Peer.join());
        }
    }

    @AfterEach
    void leave() {
        peers.forEach(Peer::close);
    }

    /** Whoever waits for 50 ms reads who is before it; on a busy machine that falls into a step that is shorter. */
    private void leaveChecksOut() {
        peers.forEach(peer -> checks.put(
                peer,
                peer.faults
                        .every(CallMatcher.method("KV/Txn")
                                .when(
                                        TxnRequest.class,
                                        txn -> txn.getCompareCount() == 0
                                                && txn.getSuccess(0).hasRequestRange()
                                                && txn.toString().contains("max_create_revision")))
                        .delay(Duration.ZERO)));
    }

    private long checks(Peer peer) {
        CallFault made = checks.get(peer);
        return made == null ? 0 : made.hits();
    }

    private long revision() {
        return now(peers.get(0).client.getKVClient().get(Peer.bytes("consort/none")))
                .getHeader()
                .getRevision();
    }

    private interface Step {
        void run() throws Exception;
    }

    /** The calls of this peer, and the commits of anybody, are what the page says for so many such steps. */
    private void costs(Peer peer, Row row, int times, Step step) throws Exception {
        costs(peer, times * row.first, times * row.second, step);
    }

    private void costs(Peer peer, Row row, Step step) throws Exception {
        costs(peer, row, 1, step);
    }

    private void costs(Peer peer, int calls, int commits, Step step) throws Exception {
        long start = revision();
        long checksBefore = checks(peer);
        CallCounts before = peer.log.counts();
        step.run();
        // A check is counted as a call a moment before it is counted as a check.
        await().untilAsserted(() -> {
            CallCounts spent = peer.log.counts().since(before);
            assertThat(spent.unaryCalls() - checks(peer) + checksBefore)
                    .as(spent.toString())
                    .isEqualTo(calls);
        });
        assertThat(revision() - start).as("commits").isEqualTo(commits);
    }

    @Test
    void page_hasNoFigureThatIsNotAsserted() {
        assertThat(ElectionCostPage.rows()).isEqualTo(Row.values().length);
    }

    @Test
    void uncontended_eachStep_costsWhatThePageSays() throws Exception {
        Peer peer = peers.get(1);
        LeaderElection election = peer.election(name);
        election.campaign("warm").close();
        List<Leadership> led = new ArrayList<>();

        costs(peer, Row.CAMPAIGN, () -> led.add(election.campaign("v")));
        costs(peer, Row.PROCLAIM, () -> assertThat(led.get(0).proclaim("w")).isTrue());
        costs(peer, Row.IS_HELD, () -> assertThat(led.get(0).isHeld()).isTrue());
        costs(peer, Row.LEADER, () -> assertThat(election.leader()).isPresent());
        costs(peer, Row.PARTICIPANTS, () -> assertThat(election.participants()).hasSize(1));
        costs(peer, Row.RESIGN, () -> assertThat(led.get(0).resign()).isTrue());
        costs(peer, 0, 0, () -> assertThat(led.get(0).resign()).isFalse());
    }

    @Test
    void loop_eachTerm_costsWhatThePageSays() throws Exception {
        Peer peer = peers.get(1);
        LoopTask task = new LoopTask();
        try (SessionFactory sessions =
                        SessionFactory.of(Session.builder(peer.connection).ttl(Peer.LONG));
                LeaderLoop loop = LeaderElection.create(sessions, name)
                        .pause(Duration.ZERO)
                        .run(task)) {
            task.awaitStart();
            costs(peer, Row.TERM, 3, () -> {
                for (int i = 0; i < 3; i++) {
                    task.end();
                    task.awaitStart();
                }
            });
            assertThat(loop.terms()).isEqualTo(4);
        }
    }

    @Test
    void observers_eachStep_costsWhatThePageSays() throws Exception {
        Peer observing = peers.get(2);
        LeaderElection election = observing.election(name);
        Sightings seen = new Sightings();
        CallCounts before = observing.log.counts();
        costs(
                observing,
                Row.FIRST_OBSERVER,
                () -> now(election.observe(seen).ready().toCompletableFuture()));
        costs(observing, Row.FURTHER_OBSERVER, 10, () -> {
            for (int i = 0; i < 10; i++) {
                now(election.observe(new Sightings()).ready().toCompletableFuture());
            }
        });
        await().until(() -> observing.log.counts().watchesOpen() == before.watchesOpen() + Row.OBSERVED.first);
        CallCounts spent = observing.log.counts().since(before);
        assertThat(spent.watchCreates()).isEqualTo(Row.OBSERVED.first);
        assertThat(spent.streamsOpened("Watch/Watch")).isEqualTo(Row.OBSERVED.second);
        int commitsOfTheLeader = Row.CAMPAIGN.second + Row.RESIGN.second;
        costs(observing, 2 * Row.REPORT.first, 2 * Row.REPORT.second + commitsOfTheLeader, () -> {
            peers.get(1).election(name).campaign("v").close();
            await().until(() -> seen.count() == 3);
        });
    }

    @Test
    void handOver_successorKnown_oneCommitAndNoReadByAnybody() throws Exception {
        Leadership leader = peers.get(1).election(name).campaign("p1");
        List<CompletableFuture<Leadership>> waiting = new ArrayList<>();
        for (int i = 2; i < 4; i++) {
            waiting.add(peers.get(i).election(name).campaignAsync("p" + i));
            int queued = i;
            await().until(() -> peers.get(0).claims(name).size() == queued);
        }
        await().until(() -> watchesOf(peers.get(2)) >= 3 && watchesOf(peers.get(3)) >= 3);
        // A busy machine may bring the deletion of the claim before well ahead of the message, and then the waiter
        // looks
        // for itself and does not learn who follows. That is kept out of the figures.
        for (int i = 2; i < 4; i++) {
            String before = peers.get(i - 1).key(name);
            peers.get(i).faults.every(toldOfDeletion(before)).dropMessages(Direction.TO_CLIENT);
        }
        leader.close();
        Leadership second = now(waiting.get(0));

        CallCounts before = peers.get(3).log.counts();
        List<Leadership> led = new ArrayList<>();
        costs(peers.get(2), Row.HAND_OVER, () -> {
            assertThat(second.resign()).isTrue();
            led.add(now(waiting.get(1)));
        });
        Leadership third = led.get(0);
        assertThat(peers.get(3).log.counts().since(before).unaryCalls()).isZero();
        assertThat(third.isHeld()).isTrue();
        third.close();
    }

    /** The commits are everybody's: one between makes one for the removal of its claim, and one for its next claim. */
    @Test
    void transfer_eachStep_costsWhatThePageSays() throws Exception {
        List<CompletableFuture<Leadership>> led = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            led.add(peers.get(i).election(name).campaignAsync("p" + i));
            int queued = i + 1;
            await().until(() -> peers.get(0).claims(name).size() == queued);
        }
        await().until(() -> peers.stream().skip(1).allMatch(peer -> watchesOf(peer) >= 3));
        List<Leader> waiting = peers.get(0).election(name).participants();
        Leadership first = now(led.get(0));
        CallCounts before = peers.get(1).log.counts();
        costs(peers.get(0), Row.TRANSFER, () -> {
            assertThat(first.transfer(waiting.get(1), Peer.LONG)).isTrue();
            now(led.get(1));
        });
        assertThat(peers.get(1).log.counts().since(before).unaryCalls()).isZero();
        leaveChecksOut();
        CallCounts between = peers.get(2).log.counts();
        costs(peers.get(1), Row.TRANSFER_OVER_ONE, () -> {
            assertThat(now(led.get(1)).transfer(waiting.get(3), Peer.LONG)).isTrue();
            now(led.get(3));
            await().until(() -> peers.get(0).claims(name).size() == 2);
        });
        await().untilAsserted(() -> assertThat(
                        peers.get(2).log.counts().since(between).unaryCalls() - checks(peers.get(2)))
                .isEqualTo(2));
        now(led.get(3)).close();
    }

    @Test
    void priority_eachStep_costsWhatThePageSays() throws Exception {
        leaveChecksOut();
        Leadership leader = peers.get(0).election(name).campaign("leader");
        List<CompletableFuture<Leadership>> led = new ArrayList<>();
        costs(peers.get(1), Row.PRIORITY_NEXT, () -> {
            led.add(peers.get(1).election(name).withPriority(1).campaignAsync("next"));
            await().until(() -> peers.get(0).claims(name).size() == 2);
        });
        led.get(0).cancel(false);
        await().until(() -> peers.get(0).claims(name).size() == 1);
        led.set(0, peers.get(1).election(name).campaignAsync("low"));
        await().until(() -> peers.get(0).claims(name).size() == 2);
        await().until(() -> watchesOf(peers.get(1)) >= 3);
        long checksBefore = checks(peers.get(1));
        CallCounts before = peers.get(1).log.counts();
        costs(peers.get(2), Row.PRIORITY_OVER_ONE, () -> {
            led.add(peers.get(2).election(name).withPriority(2).campaignAsync("high"));
            await().until(() -> peers.get(0).claims(name).size() == 3
                    && peers.get(0).election(name).participants().get(1).value().equals("high"));
        });
        CallCounts ofOneThatStepsBack = peers.get(1).log.counts().since(before);
        await().untilAsserted(() -> assertThat(ofOneThatStepsBack.unaryCalls() - checks(peers.get(1)) + checksBefore)
                .isEqualTo(2));
        leader.close();
        now(led.get(1)).close();
        now(led.get(0)).close();
    }

    private static CallMatcher toldOfDeletion(String key) {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        told -> told.getEventsList().stream()
                                .anyMatch(event -> event.getType() == Event.EventType.DELETE
                                        && event.getKv().getKey().toStringUtf8().equals(key)));
    }

    /** Mailbox, own claim and the claim before. */
    private static long watchesOf(Peer peer) {
        return peer.log.counts().watchesOpen();
    }
}
