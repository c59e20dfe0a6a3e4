/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.barrier.Barrier.Passage;
import dev.consort.barrier.DoubleBarrier.Stay;
import dev.consort.core.Grant;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each step costs in requests, commits and watches: as the pages say. */
@Isolated("counts revisions")
class BarrierCostIT {
    private static final Server server = Server.counted();

    /** Long enough that no renewal, which does other work too, falls into a test. */
    private final Party here = server.join(Duration.ofMinutes(10));

    private final Party there = server.join(Duration.ofMinutes(10));
    private final String name = Server.freshName();
    private CostTable page = new CostTable("cyclic-barrier.md");

    @AfterEach
    void leave() {
        there.close();
        here.close();
        server.endLeases();
    }

    /** Runs a step of one party, and compares what it cost with its row and what comes on top. */
    private <T> T step(String row, Party party, Callable<T> step) throws Exception {
        return step(List.of(row), party, step);
    }

    private <T> T step(List<String> rows, Party party, Callable<T> step) throws Exception {
        long revision = server.revision();
        CallCounts before = party.log.counts();
        T result = step.call();
        int requests = rows.stream().mapToInt(row -> page.row(row).first()).sum();
        int commits = rows.stream().mapToInt(row -> page.row(row).second()).sum();
        await().untilAsserted(() -> {
            CallCounts counts = party.log.counts().since(before);
            assertThat(counts.unaryCalls()).as("%s: %s", rows, counts).isEqualTo(requests);
            assertThat(server.revision() - revision).as("%s", rows).isEqualTo(commits);
        });
        return result;
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private void assertWatches(String row, Party party) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen())
                .isEqualTo(1 + page.row(row).first()));
        assertThat(party.log.counts().streamsOpened("Watch/Watch"))
                .isEqualTo(1 + page.row(row).second());
    }

    @Test
    void cyclicBarrier_costsWhatThePageSays() throws Exception {
        String first = "first use of a name in 10 s, besides";
        String come = "`await`, others are still to come";
        String last = "`await` of the last to come";
        DistributedCyclicBarrier mine = here.cyclic(name, 2);
        DistributedCyclicBarrier theirs = there.cyclic(name, 2);
        CompletableFuture<Integer> waiting =
                step(List.of(first, "making the barrier, once", come), here, () -> waits(mine.awaitAsync(), 2));
        step(List.of(first, last), there, theirs::await);
        soon(waiting);
        for (int i = 0; i < 10; i++) {
            CompletableFuture<Integer> next = comesFirst(mine);
            step(last, there, theirs::await);
            soon(next);
        }
        DistributedCyclicBarrier acting = DistributedCyclicBarrier.create(there.session, name, 2, Thread::onSpinWait);
        CompletableFuture<Integer> next = comesFirst(mine);
        step("`await` of the last to come, with an action", there, acting::await);
        soon(next);
        CompletableFuture<Integer> cancelled = step(come, here, () -> waits(mine.awaitAsync(), 2));
        step("timeout, interrupt or cancel, besides", here, () -> cancelled.cancel(false));
        step("`reset`, `delete`", here, () -> {
            mine.reset();
            return true;
        });
        assertWatches("somebody waits at a name, and 10 s longer", here);
        List<CompletableFuture<Integer>> many = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            many.add(here.cyclic(name + "-many", 51).awaitAsync());
        }
        await().until(() ->
                mine.waiting() == 0 && here.cyclic(name + "-many", 51).waiting() == 50);
        assertThat(here.log.counts().watchesOpen())
                .isEqualTo(1
                        + 2
                                * page.row("somebody waits at a name, and 10 s longer")
                                        .first());
        there.cyclic(name + "-many", 51).await();
        for (CompletableFuture<Integer> each : many) {
            soon(each);
        }
        assertThat(page.unasked()).isEmpty();
    }

    private <T> CompletableFuture<T> waits(CompletableFuture<T> waiting, int keys) {
        server.awaitKeys(name, keys);
        return waiting;
    }

    /** The last to come knows that it is if its view has shown it the others. */
    private CompletableFuture<Integer> comesFirst(DistributedCyclicBarrier mine) throws Exception {
        long events = there.log.counts().watchEvents();
        CompletableFuture<Integer> waiting =
                step("`await`, others are still to come", here, () -> waits(mine.awaitAsync(), 2));
        await().until(() -> there.log.counts().watchEvents() > events);
        return waiting;
    }

    @Test
    void doubleBarrier_costsWhatThePageSays() throws Exception {
        page = new CostTable("double-barrier.md");
        String first = "first use of a name in 10 s, besides";
        String come = "`enter`, others are still to come";
        DoubleBarrier mine = here.doubled(name, 2);
        DoubleBarrier theirs = there.doubled(name, 2);
        CompletableFuture<Stay> entering =
                step(List.of(first, "making the barrier, once", come), here, () -> waits(mine.enterAsync(), 2));
        Stay stay = step(List.of(first, "`enter` of the last to come"), there, theirs::enter);
        CompletableFuture<Void> leaving =
                step("`leave`", here, () -> waits(soon(entering).leaveAsync(), 2));
        step("`leave`", there, () -> {
            stay.leave();
            return true;
        });
        soon(leaving);
        CompletableFuture<Stay> again = step(come, here, () -> waits(mine.enterAsync(), 2));
        step("timeout, interrupt or cancel of `enter`, besides", here, () -> again.cancel(false));
        step("`delete`", here, () -> {
            mine.delete();
            return true;
        });
        assertWatches("somebody waits at a name, and 10 s longer", here);
        assertThat(page.unasked()).isEmpty();
    }

    @Test
    void latch_costsWhatThePageSays() throws Exception {
        page = new CostTable("latch.md");
        String first = "first use of a name in 10 s, besides";
        DistributedLatch mine = here.latch(name, 2);
        DistributedLatch theirs = there.latch(name, 2);
        step(List.of(first, "making the latch, once", "`countDown`"), here, () -> mine.countDown("a"));
        step("`countDown` of an id that was counted", here, () -> mine.countDown("a"));
        CompletableFuture<Void> waiting = step(List.of(first, "`await`"), there, theirs::awaitAsync);
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Void> unused = theirs.awaitAsync();
            assertThat(unused).isNotDone();
        }
        assertWatches("somebody waits at a name, and 10 s longer", there);
        step("`count`", here, mine::count);
        step("`countDown`", here, () -> mine.countDown("b"));
        soon(waiting);
        step("`await`", there, () -> soon(theirs.awaitAsync()));
        step("`delete`", here, () -> {
            mine.delete();
            return true;
        });
        assertThat(page.unasked()).isEmpty();
    }

    @Test
    void barrier_costsWhatThePageSays() throws Exception {
        page = new CostTable("barrier.md");
        String first = "first `await` of a name in 10 s, besides";
        Barrier mine = here.barrier(name);
        Barrier theirs = there.barrier(name);
        Grant hold = step("`tryHold` of an open one", here, mine::tryHold).orElseThrow();
        CompletableFuture<Passage> waiting =
                step(List.of(first, "`await`, until it knows what it waits for"), there, theirs::awaitAsync);
        assertWatches("somebody waits at a name, and 10 s longer", there);
        CallCounts before = there.log.counts();
        step("`release`", here, hold::release);
        assertThat(soon(waiting)).isEqualTo(Passage.RELEASED);
        assertThat(there.log.counts().since(before).unaryCalls())
                .isEqualTo(page.row("the end of a hold, to who waits: released").first());
        step("`await`, until it knows what it waits for", there, theirs::await);

        Grant next = mine.tryHold().orElseThrow();
        CompletableFuture<Passage> again = step("`await`, until it knows what it waits for", there, theirs::awaitAsync);
        before = there.log.counts();
        here.session.close();
        assertThat(soon(again)).isEqualTo(Passage.HOLDER_LOST);
        assertThat(next.isHeld()).isFalse();
        assertThat(there.log.counts().since(before).unaryCalls())
                .isEqualTo(page.row("the end of a hold, to who waits: session ended")
                        .first());
        assertThat(page.unasked()).isEmpty();
    }
}
