/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What a work queue costs in requests, commits, watches and leases. */
@Isolated("counts requests and revisions")
class WorkQueueCostIT {
    private static final int ITEMS = 50;

    private final Server server = Server.real();

    /** Long enough that no renewal falls into a test. */
    private final Peer here = server.peer(Duration.ofMinutes(10));

    private final Peer there = server.peer(Duration.ofMinutes(10));
    private final String name = Server.freshName();
    private final WorkQueue<String> mine = Work.queue(here, name);
    private final WorkQueue<String> theirs = Work.queue(there, name);

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    /** Its first delivery, and its first write by the connection, are made. */
    private void begin() throws InterruptedException {
        mine.offer("first");
        assertThat(Work.next(mine).ack()).isTrue();
    }

    private CallCounts since(CallCounts before) {
        return here.log.counts().since(before);
    }

    @Test
    void receiveAndAck_alone_areTwoRequests() throws Exception {
        begin();
        theirs.offerAll(Collections.nCopies(ITEMS, "i"));
        CallCounts before = here.log.counts();
        long revision = server.revision();
        for (int i = 0; i < ITEMS; i++) {
            assertThat(Work.next(mine).ack()).isTrue();
        }
        CallCounts cost = since(before);
        assertThat(cost.unaryCalls()).as("%s", cost).isEqualTo(2 * ITEMS);
        assertThat(cost.unaryCalls("KV/Txn")).isEqualTo(2 * ITEMS);
        assertThat(server.revision() - revision).isEqualTo(2 * ITEMS);
        assertThat(cost.watchCreates()).isZero();
    }

    /** Whoever waits already gets what comes by a request, and stands in line again by the same. */
    @Test
    void itemThatComes_isTakenByOneRequest() throws Exception {
        begin();
        for (int i = 0; i < 10; i++) {
            CompletableFuture<Delivery<String>> waiting = mine.receiveAsync();
            CallCounts before = here.log.counts();
            theirs.offer("i");
            Delivery<String> delivery = Party.soon(waiting);
            assertThat(delivery.ack()).isTrue();
            assertThat(since(before).unaryCalls()).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void nackAndExtend_costOneRequestAndNone() throws Exception {
        begin();
        mine.offer("a");
        Delivery<String> first = Work.next(mine);
        CallCounts before = here.log.counts();
        assertThat(first.extend()).isTrue();
        assertThat(first.isHeld()).isTrue();
        assertThat(since(before).unaryCalls()).isZero();
        assertThat(first.nack(Duration.ofHours(1))).isTrue();
        assertThat(since(before).unaryCalls()).isEqualTo(1);
        before = here.log.counts();
        var unused = mine.state();
        assertThat(since(before).unaryCalls()).isEqualTo(1);
    }

    @Test
    void ackWithWrites_isOneRequest() throws Exception {
        begin();
        mine.offer("a");
        Delivery<String> first = Work.next(mine);
        CallCounts before = here.log.counts();
        assertThat(first.ack(txn -> txn.put(name + "-x", "x").put(name + "-y", "y")))
                .isTrue();
        assertThat(since(before).unaryCalls()).isEqualTo(1);
    }

    /** However many wait, and by however many objects. */
    @Test
    void waiters_shareAWatchAndALease() throws Exception {
        begin();
        CallCounts before = here.log.counts();
        long watches = before.watchesOpen();
        List<CompletableFuture<Delivery<String>>> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            waiting.add(Work.queue(here, name).receiveAsync());
        }
        assertThat(theirs.receive(Duration.ofMillis(100))).isEmpty();
        CallCounts cost = since(before);
        assertThat(cost.watchesOpen()).isEqualTo(watches);
        assertThat(cost.unaryCalls("Lease/LeaseGrant")).isZero();
        assertThat(cost.unaryCalls()).as("%s", cost).isLessThanOrEqualTo(3);
        theirs.offerAll(Collections.nCopies(100, "i"));
        for (CompletableFuture<Delivery<String>> each : waiting) {
            assertThat(Party.soon(each).isHeld()).isTrue();
        }
        cost = since(before);
        assertThat(cost.unaryCalls()).as("32 items at a time: %s", cost).isLessThanOrEqualTo(10);
        assertThat(cost.watchCreates()).isZero();
        assertThat(server.keys(name + "/q/w/")).hasSize(2);
    }

    /** A watch for the first who waits, which is closed when nobody has waited for a while. */
    @Test
    void firstReceive_opensOneWatch() throws Exception {
        here.session();
        long watches = here.log.counts().watchesOpen();
        assertThat(mine.receive(Duration.ZERO)).isEmpty();
        await().untilAsserted(() -> assertThat(here.log.counts().watchesOpen()).isEqualTo(watches + 1));
        assertThat(Work.queue(here, name).receive(Duration.ZERO)).isEmpty();
        assertThat(here.log.counts().watchesOpen()).isEqualTo(watches + 1);
    }
}
