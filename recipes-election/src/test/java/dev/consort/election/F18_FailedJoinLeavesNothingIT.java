/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.deletionOf;
import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.election.Seat.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What is lost on the way. F07: a member that is none; F16: a join that outlives its session; F18: a failed join that leaves
 * its key; F19: a failed leaving that is forgotten; F25: an id that becomes free unseen.
 */
@Execution(ExecutionMode.CONCURRENT)
class F18_FailedJoinLeavesNothingIT {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final String name = Group.newName();
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

    /** F09: its own key is there, and it does not know. */
    @Test
    void join_replyLost_isAMember() throws Exception {
        CallFault lost = one.peer.faults.loseNextReply(putOf(one.key("a")));
        Seat seat = one.join("a", "1");
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(seat.state()).isEqualTo(State.JOINED);
        assertThat(two.values()).containsExactly("1");
        one.peer.faults.loseNextReply(putOf(one.key("a"), "2"));
        assertThat(seat.update("2")).isTrue();
        assertThat(two.values()).containsExactly("2");
        one.peer.faults.loseNextRequest(deletionOf(one.key("a")));
        seat.close();
        assertThat(two.ids()).isEmpty();
        CallFault reply = one.peer.faults.loseNextReply(deletionOf(one.key("b")));
        one.join("b", "1").close();
        assertThat(reply.hits()).isEqualTo(1);
        assertThat(two.ids()).isEmpty();
    }

    /** The time is over before the answer comes, whether it was applied or not. */
    @Test
    void join_noAnswerInTime_isWithdrawn() throws Exception {
        one.lease(); // opens the session
        CallFault lost = one.peer.faults.next(putOf(one.key("a"))).hangReply();
        assertThatExceptionOfType(EtcdUnavailableException.class)
                .isThrownBy(() -> one.membership.join("a", "1", Duration.ofMillis(500)));
        now(lost.hit());
        await().untilAsserted(
                        () -> assertThat(one.peer.log.counts().unaryCallsOpen()).isZero());
        await().untilAsserted(() -> assertThat(two.ids()).isEmpty());
        Seat seat = one.join("a", "2"); // waits for the withdrawal
        assertThat(two.values()).containsExactly("2");
        seat.close();
    }

    /** F07: what it was told is there was deleted before it heard. */
    @Test
    void join_keyDeletedBeforeTheAnswer_isNoPhantom() throws Exception {
        CallFault held = one.peer.faults.next(putOf(one.key("a"))).hangReply();
        CompletableFuture<Seat> joining = one.joining("a", "late", LONG);
        now(held.hit());
        await().until(() -> two.ids().size() == 1);
        two.peer.delete(one.key("a"));
        Seat seat = now(joining);
        await().until(() -> two.ids().equals(List.of("a")) && seat.state() == State.JOINED);
        seat.close();
        assertThat(two.ids()).isEmpty();
    }

    /** F07: the view stood before, and shows the key of the one that has left; which has the same lease and value. */
    @Test
    void join_viewBehindTheFormerOnesLeaving_isNoPhantom() throws Exception {
        Seat former = one.join("a", "1");
        await().until(() -> one.peer.log.counts().watchEvents() > 0);
        CallFault deaf =
                one.peer.faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
        former.close();
        Seat seat = one.join("a", "1");
        assertThat(two.values()).containsExactly("1");
        assertThat(seat.lastFailure()).isEmpty();
        seat.close();
        assertThat(two.ids()).isEmpty();
        deaf.stop();
    }

    /** F16: it does not wait for an id with a session that is gone. */
    @Test
    void join_sessionRevokedWhileItWaits_failsAtOnce() throws Exception {
        two.join("a", "theirs");
        try (Session session =
                Session.builder(one.peer.connection).ttl(Peer.LONG).open()) {
            CompletableFuture<Seat> joining = Group.joining(Membership.create(session, name), "a", "1", LONG);
            await().until(() -> one.peer.log.counts().unaryCalls("KV/Txn") > 1
                    && one.peer.log.counts().unaryCallsOpen() == 0);
            two.peer.revoke(session.leaseId());
            assertThat(joining)
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableThat()
                    .withCauseInstanceOf(SessionLostException.class);
        }
    }

    /** F19: etcd does not answer; close() is bounded, and what it began goes on. */
    @Test
    void close_neverAnswered_isBoundedAndSentUntilItIs() throws Exception {
        try (Connection connection = Connection.of(one.peer.client);
                Session session = Session.builder(connection).ttl(Peer.LONG).open()) {
            Seat seat = Membership.create(session, name).join("a", "1");
            CallFault down = one.peer.faults.every(CallMatcher.method("KV/Txn")).loseRequest();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(seat::close);
            now(down.hit());
            assertThat(seat.state()).isEqualTo(State.CLOSED);
            assertThat(two.ids()).containsExactly("a");
            down.stop();
            now(closing);
            assertThat(seat.ended().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(10));
            assertThat(two.ids()).isEmpty();
        }
    }

    /** F25: between its answer and its watch; it is asked many times. */
    @Test
    void join_idBecomesFreeAtAnyMoment_isSeen() throws Exception {
        for (int round = 0; round < 20; round++) {
            Seat holder = two.join("a", "theirs");
            CompletableFuture<Seat> joining = one.joining("a", "late", LONG);
            for (int spin = 0; spin < round * 20_000; spin++) {
                Thread.onSpinWait();
            }
            holder.close();
            now(joining).close();
        }
        assertThat(two.ids()).isEmpty();
    }
}
