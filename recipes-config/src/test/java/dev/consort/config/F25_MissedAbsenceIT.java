/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.config.SetNx.Answer;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a deletion between the read and the watch wakes nobody: whoever waits for it waits forever. */
@Isolated("compacts")
class F25_MissedAbsenceIT {
    private final Server server = Server.real();
    private final Party here = server.join();
    private final Party there = server.join();
    private final String name = Server.freshName();
    private final SetNx mine = SetNx.permanent(here.connection, name);
    private final SetNx theirs = SetNx.permanent(there.connection, name);
    private final Answer created = mine.trySet("v");

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private static void soon(CompletableFuture<Void> absent) throws Exception {
        absent.get(10, TimeUnit.SECONDS);
    }

    @Test
    void deletion_betweenTheReadAndTheWatch_isSeen() throws Exception {
        CallFault late = there.faults.next(CallMatcher.method("KV/Range")).hold();
        CompletableFuture<Void> absent = theirs.awaitAbsentAsync();
        assertThat(mine.release(created.token())).isTrue();
        assertThat(mine.trySet("again").isMine()).isTrue();
        late.release();
        CompletableFuture<Void> other = theirs.awaitAbsentAsync();
        assertThat(mine.release(mine.current().orElseThrow().token())).isTrue();
        soon(absent);
        soon(other);
    }

    /** Absent and set again while nothing is heard: one who waits is told, by the events or the read that make up for it. */
    @Test
    void deletion_whileTheWatchIsCut_isSeen() throws Exception {
        CompletableFuture<Void> absent = waiting();
        there.faults.breakStreams("Watch/Watch");
        assertThat(mine.release(created.token())).isTrue();
        soon(absent);
    }

    @Test
    void deletion_thatIsCompactedAway_isSeen() throws Exception {
        CompletableFuture<Void> absent = waiting();
        CallFault cut = there.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        there.faults.breakStreams("Watch/Watch");
        assertThat(mine.release(created.token())).isTrue();
        server.put(name + "-beside", "1");
        server.compact();
        cut.stop();
        soon(absent);
    }

    /** A view that stands since somebody waited before, and has heard nothing since, does not speak for now. */
    @Test
    void absence_beforeTheCall_isNotTakenForOneAfterIt() throws Exception {
        CompletableFuture<Void> first = waiting();
        assertThat(mine.release(created.token())).isTrue();
        soon(first);
        CallFault deaf = there.faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
        Answer next = mine.trySet("w");
        assertThat(theirs.awaitAbsent(Duration.ofMillis(50))).isFalse();
        deaf.stop();
        there.faults.breakStreams("Watch/Watch");
        assertThat(mine.release(next.token())).isTrue();
        assertThat(theirs.awaitAbsent(Duration.ofSeconds(10))).isTrue();
    }

    private CompletableFuture<Void> waiting() {
        CompletableFuture<Void> absent = theirs.awaitAbsentAsync();
        await().until(() -> there.log.counts().watchesOpen() > 0);
        assertThat(absent).isNotDone();
        return absent;
    }
}
