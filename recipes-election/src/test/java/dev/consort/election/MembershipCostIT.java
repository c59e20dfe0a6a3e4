/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.election.Seat.State;
import dev.consort.testkit.CallCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each step costs in requests, commits and watches: as the page says. */
@Isolated("counts revisions")
class MembershipCostIT {
    private final CostTable page = new CostTable("membership.md");
    private final String name = Group.newName();
    private Group one;
    private Group two;

    @BeforeEach
    void join() {
        one = new Group(Peer.join(), name);
        two = new Group(Peer.join(), name);
        assertThat(one.lease()).isNotEqualTo(two.lease()); // opens both sessions
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private long revision() {
        return now(two.peer.client.getKVClient().get(Peer.bytes("consort/none")))
                .getHeader()
                .getRevision();
    }

    /** Runs a step of one process, and compares what it cost with its rows. */
    private <T> T step(List<String> rows, Callable<T> step) throws Exception {
        long revision = revision();
        CallCounts before = one.peer.log.counts();
        T result = step.call();
        int requests = rows.stream().mapToInt(row -> page.row(row).first()).sum();
        int commits = rows.stream().mapToInt(row -> page.row(row).second()).sum();
        await().untilAsserted(() -> {
            CallCounts counts = one.peer.log.counts().since(before);
            assertThat(counts.unaryCalls()).as("%s: %s", rows, counts).isEqualTo(requests);
            assertThat(counts.unaryCallsOpen()).isZero();
            assertThat(revision() - revision).as("%s", rows).isEqualTo(commits);
        });
        return result;
    }

    private <T> T step(String row, Callable<T> step) throws Exception {
        return step(List.of(row), step);
    }

    private void assertWatches(long more, CallCounts before) {
        await().untilAsserted(() -> assertThat(one.peer.log.counts().watchesOpen() - before.watchesOpen())
                .isEqualTo(more));
        assertThat(one.peer.log.counts().since(before).streamsOpened("Watch/Watch"))
                .isEqualTo(page.row("a member is there, and 10 s longer").second());
    }

    @Test
    void eachStep_costsWhatThePageSays() throws Exception {
        String firstOfAnId = "`join`, the first under an id in 10 s, besides";
        CallCounts before = one.peer.log.counts();
        Seat seat = step(List.of("`join`", firstOfAnId), () -> one.join("a", "1"));
        assertWatches(page.row("a member is there, and 10 s longer").first(), before);
        step("`update`", () -> seat.update("2"));
        step("`update` with the value it has", () -> seat.update("2"));
        step(
                "`state`, `value`, `lastFailure`",
                () -> seat.state() == State.JOINED && seat.lastFailure().isEmpty());
        step("`members`", one.membership::members);
        step("`close`", () -> {
            seat.close();
            return true;
        });
        Seat again = step("`join`", () -> one.join("a", "1"));

        Rosters seen = new Rosters();
        before = one.peer.log.counts();
        step("`observe`, the first of a group on a connection", () -> ready(one.membership.observe(seen)));
        step("`observe`, each further one", () -> ready(Membership.observe(one.peer.connection, name, seen)));
        assertWatches(
                page.row("a group is observed on a connection, however often").first(), before);
        assertThat(page.row("a group is observed on a connection, however often")
                        .second())
                .isZero();
        Seat theirs = two.join("b", "1");
        await().until(() -> seen.all().size() == 4);
        step(List.of("a report to an observer", "`close`"), () -> {
            again.close();
            await().until(() -> seen.all().size() == 6);
            return true;
        });
        step(List.of("`join`, refused", firstOfAnId), () -> {
            assertThatExceptionOfType(MemberIdInUseException.class).isThrownBy(() -> one.join("b", "1"));
            return true;
        });
        theirs.close();
        Seat back = one.join("a", "1");
        List<State> states = new ArrayList<>();
        back.onState(states::add);
        step(List.of("coming back with the next session", "opening that"), () -> {
            one.sessions.session().orphan();
            await().until(() -> states.equals(List.of(State.JOINED, State.REJOINING, State.JOINED)));
            return true;
        });
        assertThat(page.unasked()).isEmpty();
    }

    private static boolean ready(MembershipObservation observation) {
        now(observation.ready().toCompletableFuture());
        return true;
    }
}
