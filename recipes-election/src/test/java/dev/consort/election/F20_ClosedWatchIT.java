/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallCounts;
import dev.consort.testkit.FaultProxy;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F20: a watch that is closed is taken for a leader that resigned: a waiter leads, an observer reports that nobody does. */
@Execution(ExecutionMode.CONCURRENT)
class F20_ClosedWatchIT {
    private static final int CUTS = 5;

    private final String name = Peer.newName();
    private final Sightings seen = new Sightings();

    private void nothingChanges(Peer leading, Peer other, Runnable cut, Observation observation) throws Exception {
        Leadership leader = leading.election(name).campaign("leader");
        await().until(() -> seen.last().equals("leader"));
        CompletableFuture<Leadership> waiting = other.election(name).campaignAsync("waiting");
        await().until(() -> leading.claims(name).size() == 2);
        CallCounts before = other.log.counts();
        for (int i = 0; i < CUTS; i++) {
            long answers = other.log.counts().messagesReceived("Watch/Watch");
            cut.run(); // if the stream before was still on its way, it may go on as the same one
            await().until(() -> other.log.counts().messagesReceived("Watch/Watch") > answers);
            await().until(observation::isCurrent);
            assertThat(waiting).isNotDone();
            assertThat(observation.leader()).isPresent();
        }
        assertThat(other.log.counts().since(before).streamsOpened("Watch/Watch"))
                .isPositive();
        assertThat(leader.proclaim("still")).isTrue();
        await().until(() -> seen.last().equals("still"));
        assertThat(seen.values()).containsExactly("-", "leader", "still");
        assertThat(waiting).isNotDone();
        leader.close();
        now(waiting).close();
    }

    @Test
    void streamBroken_againAndAgain_nobodyIsElectedAndNothingIsReported() throws Exception {
        try (Peer leading = Peer.join();
                Peer other = Peer.join();
                Observation observation = other.election(name).observe(seen)) {
            now(observation.ready().toCompletableFuture());
            nothingChanges(leading, other, () -> other.faults.breakStreams("Watch/Watch"), observation);
        }
    }

    @Test
    void connectionReset_againAndAgain_nobodyIsElectedAndNothingIsReported() throws Exception {
        try (Peer leading = Peer.join();
                FaultProxy proxy = FaultProxy.to(Peer.etcd().endpoints().get(0));
                Peer other = Peer.through(proxy.endpoint(), Peer.LONG);
                Observation observation = other.election(name).observe(seen)) {
            now(observation.ready().toCompletableFuture());
            nothingChanges(leading, other, proxy::reset, observation);
        }
    }
}
