/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.api.WatchRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a watch that ends is taken for the release that was waited for: two then own the lock. */
@Isolated("compacts what others read")
class F20_ClosedWatchIT {
    private static final int BREAKS = 20;

    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    private final Grant holder = there.mutex(name).acquireAsync().join();
    private final CompletableFuture<Grant> waiting = party.mutex(name).acquireAsync();

    @BeforeEach
    void awaitTheWatches() {
        await().until(() -> party.sent.watchesOf(name) == 2);
    }

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    private void grantedByTheReleaseOnly() throws Exception {
        assertThat(waiting).isNotDone();
        assertThat(holder.isHeld()).isTrue();
        assertThat(holder.release()).isTrue();
        try (Grant next = waiting.get(10, TimeUnit.SECONDS)) {
            assertThat(next.isHeld()).isTrue();
        }
    }

    @Test
    void streamThatBreaks_grantsNothing() throws Exception {
        for (int i = 0; i < BREAKS; i++) {
            long created = party.log.counts().watchCreates();
            assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
            await().until(() -> party.log.counts().watchCreates() >= created + 3);
        }
        grantedByTheReleaseOnly();
    }

    /** The server ends each watch by itself, since what it is to go on from is compacted. */
    @Test
    void watchThatTheServerEnds_grantsNothing() throws Exception {
        CallFault down = party.faults
                .every(CallMatcher.method("Watch/Watch").when(WatchRequest.class, WatchRequest::hasCreateRequest))
                .breakStream(Direction.TO_SERVER);
        assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
        down.hit().get(10, TimeUnit.SECONDS);
        Etcd.put(name + "-value", "1");
        long now = Etcd.put(name + "-value", "2").getHeader().getRevision();
        Etcd.answer(Etcd.client.getKVClient().compact(now));
        long reads = party.log.counts().unaryCalls("KV/Range");
        down.stop();
        await().until(() -> party.log.counts().unaryCalls("KV/Range") > reads // since the mailbox's watch was ended
                && party.log.counts().watchesOpen() == 3);
        grantedByTheReleaseOnly();
    }
}
