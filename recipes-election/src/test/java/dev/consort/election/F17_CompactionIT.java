/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** F17, S13: a compaction kills a campaigner or an observer, the more so while it is disconnected. */
@Isolated("compacts what others read")
class F17_CompactionIT {
    private final String name = Peer.newName();
    private final Sightings seen = new Sightings();
    private Peer leading;
    private Peer other;

    @BeforeEach
    void join() {
        leading = Peer.join();
        other = Peer.join();
    }

    @AfterEach
    void leave() {
        leading.close();
        other.close();
    }

    /** Makes every revision before now unavailable. */
    private void compact() {
        leading.put("registers/compaction", name);
        long revision = now(leading.client.getKVClient().get(Peer.bytes("registers/compaction")))
                .getHeader()
                .getRevision();
        Peer.etcd().etcdctl("compact", Long.toString(revision));
    }

    /** Cuts the other peer's watches, and keeps them so. */
    private CallFault disconnect() {
        CallFault down = other.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(other.faults.breakStreams("Watch/Watch")).isPositive();
        now(down.hit());
        return down;
    }

    private void observing() {
        now(other.election(name).observe(seen).ready().toCompletableFuture());
    }

    @Test
    void observer_compactedWhileDisconnected_isToldTheLeaderOfNow() throws Exception {
        Leadership first = leading.election(name).campaign("first");
        observing();
        CallFault down = disconnect();
        first.close();
        for (int i = 0; i < 5; i++) {
            leading.election(name).campaign("missed" + i).close();
        }
        Leadership now = leading.election(name).campaign("now");
        compact();
        down.stop();
        await().until(() -> seen.last().equals("now"));
        assertThat(now.proclaim("later")).isTrue();
        await().until(() -> seen.last().equals("later"));
        now.close();
        await().until(() -> seen.last().equals("-"));
        seen.assertNeverWentBack();
        assertThat(seen.values()).startsWith("first");
    }

    @Test
    void observer_nobodyLeadsAnyMoreAfterTheCompaction_isToldThat() throws Exception {
        Leadership first = leading.election(name).campaign("first");
        observing();
        CallFault down = disconnect();
        first.close();
        compact();
        assertThat(seen.values()).containsExactly("first");
        down.stop();
        await().until(() -> seen.last().equals("-"));
        assertThat(seen.values()).containsExactly("first", "-");
    }

    @Test
    void observer_sameLeaderAfterTheCompaction_isToldNothing() throws Exception {
        try (Leadership first = leading.election(name).campaign("first")) {
            observing();
            CallFault down = disconnect();
            compact();
            down.stop();
            assertThat(first.proclaim("next")).isTrue();
            await().until(() -> seen.last().equals("next"));
            assertThat(seen.values()).containsExactly("first", "next");
        }
    }

    /** A watch that has not caught up yet is ended by a compaction: connected is who has heard of a change. */
    @Test
    void observer_compactedWhileConnected_noticesNothing() throws Exception {
        Leadership first = leading.election(name).campaign("first");
        observing();
        assertThat(first.proclaim("heard")).isTrue();
        await().until(() -> seen.last().equals("heard"));
        for (int i = 0; i < 3; i++) {
            compact();
        }
        first.close();
        compact();
        leading.election(name).campaign("second").close();
        await().untilAsserted(() -> assertThat(seen.values()).containsExactly("first", "heard", "-", "second", "-"));
    }

    @Test
    void campaigner_compactedWhileDisconnected_leadsAllTheSame() throws Exception {
        Leadership first = leading.election(name).campaign("first");
        CompletableFuture<Leadership> waiting = other.election(name).campaignAsync("second");
        await().until(() -> leading.claims(name).size() == 2);
        CallFault down = disconnect();
        assertThat(first.resign()).isTrue();
        compact();
        assertThat(waiting).isNotDone();
        down.stop();
        try (Leadership second = now(waiting)) {
            assertThat(second.token()).isGreaterThan(first.token());
        }
    }

    @Test
    void campaigner_compactedWhileConnected_leadsAllTheSame() throws Exception {
        Leadership first = leading.election(name).campaign("first");
        CompletableFuture<Leadership> waiting = other.election(name).campaignAsync("second");
        await().until(() -> leading.claims(name).size() == 2);
        compact();
        compact();
        assertThat(first.resign()).isTrue();
        now(waiting).close();
    }

    /** What was compacted away is that its own claim is gone. */
    @Test
    void leader_claimDeletedAndCompactedWhileDisconnected_learnsIt() throws Exception {
        Leadership leadership = other.election(name).campaign("leader");
        CallFault down = disconnect();
        leading.delete(other.key(name));
        compact();
        down.stop();
        await().until(() -> !leadership.isHeld());
        assertThat(leadership.proclaim("late")).isFalse();
    }
}
