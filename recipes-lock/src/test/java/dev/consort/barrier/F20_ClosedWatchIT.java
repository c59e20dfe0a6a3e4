/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.Barrier.Passage;
import dev.consort.core.Grant;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.api.WatchRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a watch that ends is taken for what was waited for: the barrier passes. */
@Isolated("compacts what others read")
class F20_ClosedWatchIT {
    private static final Server server = Server.REAL;
    private static final int BREAKS = 10;

    private final Party here = server.join();
    private final Party there = server.join();
    private final String name = Server.freshName();
    private final Grant hold = there.barrier(name + "-b").tryHold().orElseThrow();
    private final CompletableFuture<Integer> cyclic =
            here.cyclic(name + "-c", 2).awaitAsync();
    private final CompletableFuture<DoubleBarrier.Stay> entering =
            here.doubled(name + "-d", 2).enterAsync();
    private final CompletableFuture<Void> latch = here.latch(name + "-l", 1).awaitAsync();
    private final CompletableFuture<Passage> barrier = here.barrier(name + "-b").awaitAsync();
    private final List<CompletableFuture<?>> all = List.of(cyclic, entering, latch, barrier);

    @BeforeEach
    void awaitTheWatches() {
        server.awaitKeys(name + "-c", 2);
        server.awaitKeys(name + "-d", 2);
        server.awaitKeys(name + "-l", 1);
        await().until(() -> here.log.counts().watchesOpen() == 5);
    }

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private void passForTheirReasonsOnly() throws Exception {
        assertThat(all).noneMatch(CompletableFuture::isDone);
        assertThat(there.cyclic(name + "-c", 2).await()).isZero();
        there.doubled(name + "-d", 2).enter().close();
        assertThat(there.latch(name + "-l", 1).countDown("a")).isTrue();
        assertThat(hold.release()).isTrue();
        for (CompletableFuture<?> each : all) {
            Object unused = each.get(10, TimeUnit.SECONDS);
        }
        assertThat(barrier.join()).isEqualTo(Passage.RELEASED);
    }

    @Test
    void streamThatBreaks_letsNobodyPass() throws Exception {
        for (int i = 0; i < BREAKS; i++) {
            long created = here.log.counts().watchCreates();
            assertThat(here.faults.breakStreams("Watch/Watch")).isEqualTo(1);
            await().until(() -> here.log.counts().watchCreates() >= created + 5);
        }
        passForTheirReasonsOnly();
    }

    /** What they are to go on from is compacted meanwhile. */
    @Test
    void watchThatTheServerEnds_letsNobodyPass() throws Exception {
        CallFault down = here.faults
                .every(CallMatcher.method("Watch/Watch").when(WatchRequest.class, WatchRequest::hasCreateRequest))
                .breakStream(Direction.TO_SERVER);
        assertThat(here.faults.breakStreams("Watch/Watch")).isEqualTo(1);
        down.hit().get(10, TimeUnit.SECONDS);
        server.put(name + "-value", "1");
        server.put(name + "-value", "2");
        Server.answer(server.client.getKVClient().compact(server.revision()));
        down.stop();
        await().until(() -> here.log.counts().watchesOpen() == 5);
        passForTheirReasonsOnly();
    }
}
