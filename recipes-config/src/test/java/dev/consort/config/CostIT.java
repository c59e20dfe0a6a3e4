/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.config.SetNx.Answer;
import dev.consort.core.Codec;
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
class CostIT {
    private static final String FIRST = "first write of a connection, besides";

    private final Server server = Server.counted();

    /** Long enough that no renewal, which does other work too, falls into a test. */
    private final Party here = server.join(Duration.ofMinutes(10));

    private final Party there = server.join(Duration.ofMinutes(10));
    private final String name = Server.freshName();
    private CostTable page = new CostTable("setnx.md");

    @AfterEach
    void leave() {
        assertThat(page.unasked()).isEmpty();
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

    private void assertWatches(String row, Party party, long before) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen())
                .isEqualTo(before + page.row(row).first()));
        assertThat(party.log.counts().streamsOpened("Watch/Watch"))
                .isEqualTo(1 + page.row(row).second());
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void sharedValue_costsWhatThePageSays() throws Exception {
        page = new CostTable("shared-value.md");
        String write = "`set`, `compareAndSet`, `compareAndDelete`";
        SharedValue<String> mine = SharedValue.create(here.connection, name, Codec.utf8());
        SharedValue<String> theirs = SharedValue.create(there.connection, name, Codec.utf8());
        step("`get`, `getAt`", here, mine::get);
        Versioned<String> one = step(List.of(FIRST, write), here, () -> mine.set("one"));
        step("`get`, `getAt`", here, () -> mine.getAt(one.revision()));
        step("`compareAndSet`, `compareAndDelete` that find another one", here, () -> mine.compareAndSet(0, "two"));
        Versioned<String> three = step("`update`, each attempt", here, () -> mine.update(now -> "three"));
        long watches = there.log.counts().watchesOpen();
        List<SharedValue.Subscription> listening = new ArrayList<>();
        listening.add(step("first `listen` of a name", there, () -> ready(theirs)));
        for (int i = 0; i < 20; i++) {
            listening.add(ready(theirs));
        }
        assertWatches("somebody listens to a name", there, watches);
        step(write, here, () -> mine.compareAndSet(three.revision(), "four"));
        listening.forEach(SharedValue.Subscription::close);
    }

    private static SharedValue.Subscription ready(SharedValue<String> value) throws Exception {
        SharedValue.Subscription subscription = value.listen(now -> {});
        soon(subscription.ready());
        return subscription;
    }

    @Test
    void atomicCounter_costsWhatThePageSays() throws Exception {
        page = new CostTable("atomic-counter.md");
        String write = "`add`, `increment`, `compareAndSet`, of any number of threads at once";
        AtomicCounter mine = AtomicCounter.create(here.connection, name);
        AtomicCounter theirs = AtomicCounter.create(there.connection, name);
        step("`get`", here, mine::get);
        step(List.of(FIRST, write), here, mine::increment);
        step(write, here, mine::increment);
        step(write, here, () -> mine.compareAndSet(2, 3));
        step("`compareAndSet` that finds another number, `add(0)`", here, () -> mine.compareAndSet(7, 8));
        step(List.of(FIRST, write, "another process has written since, besides"), there, theirs::increment);
        step(List.of(write, "another process has written since, besides"), here, mine::increment);
        IdGenerator ids = IdGenerator.create(here.connection, name + "-ids", 10);
        step("`next` that reserves a block", here, ids::next);
        for (int i = 2; i <= 10; i++) {
            step("`next` otherwise", here, ids::next);
        }
        step("`next` that reserves a block", here, ids::next);
    }

    @Test
    void setNx_costsWhatThePageSays() throws Exception {
        String set = "`trySet` that sets it: permanent, or bound to a session";
        String held = "`trySet` that finds it held: permanent, or bound to a session";
        String leased = "what it has a lease of is asked how long it lasts, besides";
        SetNx mine = SetNx.permanent(here.connection, name);
        SetNx theirs = SetNx.permanent(there.connection, name);
        Answer answer = step(List.of(FIRST, set), here, () -> mine.trySet("v"));
        step(held, here, () -> mine.as("another").trySet("v"));
        step("`current`", here, mine::current);
        step("`refresh`: permanent, or bound to a session", here, () -> mine.refresh(answer.token()));
        long watches = there.log.counts().watchesOpen();
        String wait = "`awaitAbsent`";
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        waiting.add(step(List.of("first `awaitAbsent` of a name in 10 s, besides", wait), there, () -> {
            CompletableFuture<Void> absent = theirs.awaitAbsentAsync();
            await().until(() -> there.log.counts().watchesOpen() > watches);
            return absent;
        }));
        for (int i = 0; i < 20; i++) {
            waiting.add(step(wait, there, SetNx.permanent(there.connection, name)::awaitAbsentAsync));
        }
        assertWatches("somebody waits at a name, and 10 s longer", there, watches);
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        step("`release`: permanent, or bound to a session", here, () -> mine.release(answer.token()));
        for (CompletableFuture<Void> each : waiting) {
            soon(each);
        }
        SetNx bound = SetNx.boundTo(here.session(), name);
        Answer second = step(set, here, () -> bound.trySet("v"));
        step(List.of(held, leased), here, () -> mine.trySet("v"));
        step("`release`: permanent, or bound to a session", here, () -> bound.release(second.token()));
        SetNx expiring = SetNx.expiring(here.connection, name, Duration.ofMinutes(10));
        Answer third = step("`trySet` that sets it: expiring", here, () -> expiring.trySet("v"));
        step(List.of("`trySet` that finds it held: expiring", leased), here, () -> expiring.trySet("v"));
        step("`refresh`: expiring, and a renewal by a short stream", here, () -> expiring.refresh(third.token()));
        step("`release`: expiring", here, () -> expiring.release(third.token()));
    }
}
