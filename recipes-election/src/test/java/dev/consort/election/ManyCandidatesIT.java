/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many candidates: those of a process are one claim, and a change of leader concerns nobody but the next one. */
class ManyCandidatesIT {
    private static final int IN_A_PROCESS = 1_000;
    private static final int SESSIONS = 50;

    private final String name = Peer.newName();

    @Test
    void aThousandInAProcess_areOneClaim_andOneLeadsAfterEachChange() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leading = one.election(name).campaign("leader");
            List<CompletableFuture<Leadership>> all = new ArrayList<>();
            all.add(two.election(name).campaignAsync("0"));
            await().until(() -> one.claims(name).size() == 2);
            CallCounts before = two.log.counts();
            for (int i = 1; i < IN_A_PROCESS; i++) {
                all.add(two.election(name).campaignAsync(Integer.toString(i)));
            }
            assertThat(one.claims(name)).hasSize(2);
            assertThat(two.log.counts().since(before).unaryCalls()).isZero();
            assertThat(two.log.counts().since(before).watchCreates()).isLessThanOrEqualTo(2);
            for (int change = 0; change < 20; change++) {
                leading.close();
                leading = now(all.get(change));
                assertThat(all.stream().filter(CompletableFuture::isDone)).hasSize(change + 1);
                assertThat(one.claims(name)).hasSize(1);
            }
            all.forEach(candidate -> candidate.cancel(false));
            leading.close();
            await().until(() -> one.claims(name).isEmpty());
        }
    }

    @Test
    void fiftySessions_eachChangeWakesOne() throws Exception {
        List<Peer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < SESSIONS; i++) {
                peers.add(Peer.join());
            }
            Peer operator = peers.get(0);
            Leadership leading = operator.election(name).campaign("0");
            List<CompletableFuture<Leadership>> waiting = new ArrayList<>();
            for (int i = 1; i < SESSIONS; i++) {
                waiting.add(peers.get(i).election(name).campaignAsync(Integer.toString(i)));
                int claims = i + 1;
                await().until(() -> operator.claims(name).size() == claims);
            }
            // Mailbox, own claim and the one before.
            await().until(() ->
                    peers.stream().skip(1).allMatch(peer -> peer.log.counts().watchesOpen() >= 3));
            for (int change = 1; change <= 5; change++) {
                List<CallCounts> before =
                        peers.stream().map(peer -> peer.log.counts()).toList();
                leading.close();
                leading = now(waiting.get(change - 1));
                List<Integer> woken = IntStream.range(0, SESSIONS)
                        .filter(i -> {
                            CallCounts spent = peers.get(i).log.counts().since(before.get(i));
                            return spent.unaryCalls() + spent.watchEvents() > 0;
                        })
                        .boxed()
                        .toList();
                assertThat(woken).as("the one that led and the one that leads").isSubsetOf(change - 1, change);
                assertThat(waiting.stream().filter(CompletableFuture::isDone)).hasSize(change);
            }
            waiting.forEach(candidate -> candidate.cancel(false));
            leading.close();
        } finally {
            peers.forEach(Peer::close);
        }
    }
}
