/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each operation costs, by counting calls and the revisions of a server that nobody else uses meanwhile. */
class ElectionCostIT {
    private final String name = Peer.newName();
    private final List<Peer> peers = new ArrayList<>();

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

    private long revision() {
        return now(peers.get(0).client.getKVClient().get(Peer.bytes("consort/none")))
                .getHeader()
                .getRevision();
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void costs(Peer peer, int calls, Step step) throws Exception {
        CallCounts before = peer.log.counts();
        step.run();
        CallCounts spent = peer.log.counts().since(before);
        assertThat(spent.unaryCalls()).as(spent.toString()).isEqualTo(calls);
    }

    @Test
    void uncontended_eachStepIsOneCallAndOneCommit() throws Exception {
        Peer peer = peers.get(1);
        LeaderElection election = peer.election(name);
        election.campaign("warm").close();
        long start = revision();
        List<Leadership> led = new ArrayList<>();

        costs(peer, 1, () -> led.add(election.campaign("v")));
        assertThat(revision()).isEqualTo(start + 1);
        costs(peer, 1, () -> assertThat(led.get(0).proclaim("w")).isTrue());
        assertThat(revision()).isEqualTo(start + 2);
        costs(peer, 0, () -> assertThat(led.get(0).isHeld()).isTrue());
        costs(peer, 1, () -> assertThat(election.leader()).isPresent());
        costs(peer, 1, () -> assertThat(led.get(0).resign()).isTrue());
        assertThat(revision()).isEqualTo(start + 3);
        costs(peer, 0, () -> assertThat(led.get(0).resign()).isFalse());
    }

    @Test
    void loop_eachTermIsTwoCallsAndTwoCommits() throws Exception {
        Peer peer = peers.get(1);
        LoopTask task = new LoopTask();
        try (SessionFactory sessions =
                        SessionFactory.of(Session.builder(peer.connection).ttl(Peer.LONG));
                LeaderLoop loop = LeaderElection.create(sessions, name)
                        .pause(Duration.ZERO)
                        .run(task)) {
            task.awaitStart();
            long start = revision();
            costs(peer, 6, () -> {
                for (int i = 0; i < 3; i++) {
                    task.end();
                    task.awaitStart();
                }
            });
            assertThat(revision()).isEqualTo(start + 6);
            assertThat(loop.terms()).isEqualTo(4);
        }
    }

    /** The read and the watch of the first one are asserted by ObserveIT. */
    @Test
    void observe_eachReportCostsNoCallAndNoCommit() throws Exception {
        Peer observing = peers.get(2);
        Sightings seen = new Sightings();
        now(observing.election(name).observe(seen).ready().toCompletableFuture());
        long start = revision();
        costs(observing, 0, () -> {
            peers.get(1).election(name).campaign("v").close();
            await().until(() -> seen.count() == 3);
        });
        assertThat(revision()).isEqualTo(start + 2);
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
        leader.close();
        Leadership second = now(waiting.get(0));

        long start = revision();
        CallCounts before = peers.get(3).log.counts();
        costs(peers.get(2), 1, () -> assertThat(second.resign()).isTrue());
        Leadership third = now(waiting.get(1));
        assertThat(revision()).isEqualTo(start + 1);
        assertThat(peers.get(3).log.counts().since(before).unaryCalls()).isZero();
        assertThat(third.isHeld()).isTrue();
        third.close();
    }

    /** Mailbox, own claim and the claim before. */
    private static long watchesOf(Peer peer) {
        return peer.log.counts().watchesOpen();
    }
}
