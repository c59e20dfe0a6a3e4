/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.api.WatchRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a waiter sleeps for ever when its predecessor leaves between its read and its watch. Also S12. */
@Isolated("compacts what others read")
class F25_MissedWakeUpIT {
    private static final int NAMES = 20;
    private static final int ROUNDS = 12;

    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    /** A client that tells nobody, such as a Go program, leaves at any moment of the waiter's coming. */
    @Test
    void predecessor_leavingAtAnyMoment_neverParksTheWaiter() throws Exception {
        Random random = new Random(25);
        for (int i = 0; i < ROUNDS; i++) {
            long lease = Etcd.grantLease(60);
            List<CompletableFuture<Grant>> waiting = new ArrayList<>();
            for (int k = 0; k < NAMES; k++) {
                Etcd.put(name + "-" + k + "/" + Long.toHexString(lease), lease);
                waiting.add(party.mutex(name + "-" + k).acquireAsync());
            }
            LockSupport.parkNanos(random.nextInt(10_000_000) * (i + 1L));
            Etcd.revoke(lease);
            for (CompletableFuture<Grant> each : waiting) {
                each.get(10, TimeUnit.SECONDS).close();
            }
        }
    }

    @Test
    void message_lost_isMadeUpForByTheWatchOfThePredecessor() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CallFault lost = party.faults.every(Calls.toldOfMail()).dropMessages(Direction.TO_CLIENT);
        CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();
        Etcd.awaitClaims(name, 2);
        holder.close();
        waiting.get(10, TimeUnit.SECONDS).close();
        assertThat(lost.hits()).isPositive();
    }

    /** What a message and the deletion say meanwhile is read after the reconnection. */
    @Test
    void predecessor_leavingWhileTheWatchIsDown_isNoticedAfterwards() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();
        await().until(() -> party.sent.watchesOf(name) == 2);
        CallFault down = party.faults
                .every(CallMatcher.method("Watch/Watch").when(WatchRequest.class, WatchRequest::hasCreateRequest))
                .breakStream(Direction.TO_SERVER);
        assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
        down.hit().get(10, TimeUnit.SECONDS);

        holder.close();
        Etcd.delete(Etcd.bytes("compact me"));
        long downStill = down.hits();
        await().until(() -> down.hits() > downStill);
        assertThat(waiting).isNotDone();
        down.stop();
        waiting.get(10, TimeUnit.SECONDS).close();
    }

    /** The same with its history compacted away. */
    @Test
    void predecessor_leavingWhileTheWatchIsDownAndCompacted_isNoticedAfterwards() throws Exception {
        Grant holder = there.mutex(name).acquire();
        CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();
        await().until(() -> party.sent.watchesOf(name) == 2);
        CallFault down = party.faults
                .every(CallMatcher.method("Watch/Watch").when(WatchRequest.class, WatchRequest::hasCreateRequest))
                .breakStream(Direction.TO_SERVER);
        assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
        down.hit().get(10, TimeUnit.SECONDS);

        holder.close();
        long left = Etcd.put(name + "-value", "later").getHeader().getRevision();
        Etcd.answer(Etcd.client.getKVClient().compact(left));
        down.stop();
        waiting.get(10, TimeUnit.SECONDS).close();
    }
}
