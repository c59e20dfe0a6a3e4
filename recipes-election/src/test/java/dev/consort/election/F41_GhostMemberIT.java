/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.deletionOf;
import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.putOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.election.Seat.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EmbeddedFaults;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F41, F08, S8: what a member sent, and lands after it has left, brings it back or removes the next one. */
@Execution(ExecutionMode.CONCURRENT)
class F41_GhostMemberIT {
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

    /** A network that sends the request twice. */
    @Test
    void join_landsAgainAfterItHasLeft_isRefused() throws Exception {
        CallFault again = one.peer.faults.next(putOf(one.key("a"))).duplicateOnRelease();
        one.join("a", "1").close();
        again.release();
        assertThat(now(again.landed()).isOk()).isTrue();
        assertThat(two.ids()).isEmpty();
        one.join("a", "2");
        assertThat(two.values()).containsExactly("2");
    }

    /** The repetition has joined and left by the time the first attempt comes. */
    @Test
    void join_landsAfterItsRepetition_isRefused() throws Exception {
        CallFault late = one.peer.faults.next(putOf(one.key("a"))).landOnRelease();
        one.join("a", "1").close();
        assertThat(late.hits()).isEqualTo(1);
        late.release();
        assertThat(now(late.landed()).isOk()).isTrue();
        assertThat(two.ids()).isEmpty();
    }

    /** One that was refused has nothing to come back with when the id is free. */
    @Test
    void join_refusedAndLandsWhenTheIdIsFree_isRefusedAgain() throws Exception {
        Seat holder = two.join("a", "2");
        CallFault late = one.peer.faults.next(putOf(one.key("a"))).landOnRelease();
        try {
            one.membership.join("a", "1").close();
        } catch (MemberIdInUseException refused) {
            assertThat(refused.holder()).isPresent();
        }
        one.join("b", "1"); // after the withdrawal
        holder.close();
        late.release();
        assertThat(now(late.landed()).isOk()).isTrue();
        assertThat(two.ids()).containsExactly("b");
    }

    @Test
    void update_landsAfterALaterOneOrAfterItHasLeft_isRefused() throws Exception {
        Seat seat = one.join("a", "1");
        CallFault again = one.peer.faults.next(putOf(one.key("a"), "2")).duplicateOnRelease();
        assertThat(seat.update("2")).isTrue();
        assertThat(seat.update("3")).isTrue();
        again.release();
        assertThat(now(again.landed()).isOk()).isTrue();
        assertThat(two.values()).containsExactly("3");
        CallFault late = one.peer.faults.next(putOf(one.key("a"), "4")).landOnRelease();
        assertThat(seat.update("4")).isTrue();
        seat.close();
        late.release();
        assertThat(now(late.landed()).isOk()).isTrue();
        assertThat(two.ids()).isEmpty();
    }

    /** F08: its key has the same name. */
    @Test
    void leaving_landsAgainAfterTheNextOneHasJoined_removesNothing() throws Exception {
        Seat seat = one.join("a", "1");
        CallFault again = one.peer.faults.next(deletionOf(one.key("a"))).duplicateOnRelease();
        seat.close();
        Seat next = one.join("a", "2");
        again.release();
        assertThat(now(again.landed()).isOk()).isTrue();
        assertThat(two.values()).containsExactly("2");
        assertThat(next.lastFailure()).isEmpty();
        assertThat(next.state()).isEqualTo(State.JOINED);
    }

    /** Its session's fence keeps a late claim away too; another recipe's fence must not keep it from joining. */
    @Test
    void fence_movedByAnotherPlace_joinsAllTheSame() throws Exception {
        Seat first = one.join("a", "1");
        CallFault held = one.peer.faults.next(putOf(one.key("c"))).hold();
        CompletableFuture<Seat> joining = one.joining("c", "1", Duration.ofSeconds(20));
        now(held.hit());
        first.close(); // moves the fence
        held.release();
        assertThat(now(joining).state()).isEqualTo(State.JOINED);
        await().until(() -> two.ids().equals(List.of("c")));
    }

    /**
     * It was refused, since another one had the id, and its first attempt comes when that one has left: before its fence, which
     * is held up.
     */
    @Test
    void join_refusedAndLandsBeforeItsFence_isRemoved() throws Exception {
        Seat holder = two.join("a", "2");
        CallFault late = one.peer.faults.next(putOf(one.key("a"))).landOnRelease();
        CallFault fence = one.peer.faults.next(putOf(Peer.fence(one.lease()))).hold();
        assertThatExceptionOfType(MemberIdInUseException.class).isThrownBy(() -> one.membership.join("a", "1"));
        now(fence.hit());
        holder.close();
        late.release();
        assertThat(now(late.landed()).isOk()).isTrue();
        assertThat(two.values()).containsExactly("1");
        fence.release();
        await().until(() -> two.ids().isEmpty());
    }

    /** While etcd takes no writes it is between two tries, and closed; what it sent before that lands. */
    @Test
    void close_betweenTwoTries_removesWhatHasLanded() throws Exception {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Group group = new Group(Peer.through(etcd.endpoint(), Peer.LONG), name)) {
            Seat seat = group.join("a", "1");
            CallFault late = group.peer.faults.next(putOf(group.key("a"))).landOnRelease();
            try (EmbeddedFaults.Disruption full = etcd.faults().noSpace()) {
                assertThat(full).isNotNull();
                group.peer.delete(group.key("a"));
                await().until(() ->
                        seat.lastFailure().map(Throwable::getMessage).orElse("").contains("NOSPACE"));
                assertThat(seat.state()).isEqualTo(State.REJOINING);
            }
            late.release();
            assertThat(now(late.landed()).isOk()).isTrue();
            assertThat(group.values()).containsExactly("1");
            seat.close();
            assertThat(group.ids()).isEmpty();
        }
    }
}
