/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** F17, S13: a compaction ends an observer, a member or one who waits for an id, while they are disconnected. */
@Isolated("compacts what others read")
class F17_CompactedGroupIT {
    private final String name = Group.newName();
    private final Rosters seen = new Rosters();
    private Group one;
    private Group two;

    @BeforeEach
    void join() {
        one = new Group(Peer.join(), name);
        two = new Group(Peer.join(), name);
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private void compact() {
        one.peer.put("registers/compaction", name);
        long revision = now(one.peer.client.getKVClient().get(Peer.bytes("registers/compaction")))
                .getHeader()
                .getRevision();
        Peer.etcd().etcdctl("compact", Long.toString(revision));
    }

    private CallFault disconnectTwo() {
        CallFault down =
                two.peer.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(two.peer.faults.breakStreams("Watch/Watch")).isPositive();
        now(down.hit());
        return down;
    }

    @Test
    void observer_isToldAllThatIsDifferent() throws Exception {
        Seat changes = one.join("changes", "1");
        Seat leaves = one.join("leaves", "1");
        Seat returns = one.join("returns", "1");
        one.join("stays", "1");
        now(two.membership.observe(seen).ready().toCompletableFuture());
        CallFault down = disconnectTwo();
        changes.update("2");
        leaves.close();
        returns.close();
        one.join("returns", "1");
        one.join("comes", "1");
        one.join("passes", "1").close();
        compact();
        assertThat(seen.all()).hasSize(1);
        down.stop();
        await().untilAsserted(() -> assertThat(seen.all()).hasSize(2));
        assertThat(seen.changes().subList(4, seen.changes().size()))
                .containsExactly("-leaves", "-returns", "~changes=2", "+returns=1", "+comes=1");
        one.join("later", "1");
        await().untilAsserted(() -> assertThat(seen.changes()).last().isEqualTo("+later=1"));
        seen.assertConsistent();
    }

    @Test
    void memberAndWaiting_goOn() throws Exception {
        Seat mine = two.join("mine", "1");
        Seat theirs = one.join("theirs", "1");
        CompletableFuture<Seat> waiting = two.joining("theirs", "2", Duration.ofSeconds(20));
        await().until(() -> two.peer.log.counts().watchesOpen() >= 3);
        CallFault down = disconnectTwo();
        theirs.close();
        one.peer.delete(one.key("mine"));
        compact();
        down.stop();
        now(waiting);
        await().until(() -> one.ids().size() == 2);
        assertThat(mine.update("2")).isTrue();
        assertThat(one.values()).containsOnly("2");
    }
}
