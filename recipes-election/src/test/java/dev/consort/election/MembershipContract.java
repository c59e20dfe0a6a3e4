/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static dev.consort.election.Peer.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.election.Membership.Member;
import dev.consort.election.Seat.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a group promises, whatever server is behind it. */
abstract class MembershipContract {
    private static final Duration SOON = Duration.ofSeconds(10);

    /** How much longer than asked for anything may take. */
    private static final Duration LATE = Duration.ofMillis(250);

    private final String name = Group.newName();
    private final Rosters seen = new Rosters();
    private Group one;
    private Group two;

    /** Another process. */
    abstract Peer join();

    @BeforeAll
    static void lookOften() {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    @BeforeEach
    void enter() {
        one = new Group(join(), name);
        two = new Group(join(), name);
    }

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private static List<State> statesOf(Seat seat) {
        List<State> states = new CopyOnWriteArrayList<>();
        seat.onState(states::add);
        return states;
    }

    private static void awaitStates(List<State> states, State... expected) {
        await().untilAsserted(() -> assertThat(states).containsExactly(expected));
    }

    private MembershipObservation observe() {
        MembershipObservation observation = two.membership.observe(seen);
        now(observation.ready().toCompletableFuture());
        return observation;
    }

    private void awaitChanges(String... changes) {
        await().untilAsserted(() -> assertThat(seen.changes()).containsExactly(changes));
        seen.assertConsistent();
    }

    private static <T> FutureTask<T> inThread(java.util.concurrent.Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread thread = new Thread(future, "joining");
        thread.setDaemon(true);
        thread.start();
        return future;
    }

    // Joining, listing, leaving

    @Test
    void members_areListedInTheOrderInWhichTheyJoined() throws Exception {
        assertThat(one.membership.members()).isEmpty();
        Seat last = one.join("z", "first");
        Seat first = two.join("a", "");
        List<Member> members = Membership.members(two.peer.connection, name);
        assertThat(members).extracting(Member::id).containsExactly("z", "a");
        assertThat(members).extracting(Member::value).containsExactly("first", "");
        assertThat(members).extracting(Member::leaseId).containsExactly(one.lease(), two.lease());
        assertThat(members).extracting(Member::joined).isSorted().doesNotHaveDuplicates();
        assertThat(last.id()).isEqualTo("z");
        assertThat(last.state()).isEqualTo(State.JOINED);
        assertThat(last).hasToString("Seat 'z' of Membership '" + name + "'");
        assertThat(one.membership).hasToString("Membership '" + name + "'");
        assertThat(last.lastFailure()).isEmpty();

        List<State> states = statesOf(last);
        last.close();
        last.close();
        assertThat(one.ids()).containsExactly("a");
        awaitStates(states, State.JOINED, State.CLOSED);
        assertThat(last.ended().toCompletableFuture()).succeedsWithin(SOON);
        assertThatIllegalStateException().isThrownBy(() -> last.update("x")).withMessageContaining("closed");
        first.close();
        assertThat(one.peer.claims(name)).isEmpty();
    }

    @Test
    void update_isReadByOthersWhenItReturns() throws Exception {
        Seat seat = one.join("a", "1");
        long joined = two.membership.members().get(0).joined();
        assertThat(seat.update("2")).isTrue();
        assertThat(two.values()).containsExactly("2");
        assertThat(seat.update("2")).isTrue();
        Thread.currentThread().interrupt();
        assertThat(seat.update("\u00e4\n")).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(two.values()).containsExactly("\u00e4\n");
        assertThat(seat.value()).isEqualTo("\u00e4\n");
        assertThat(two.membership.members().get(0).joined()).isEqualTo(joined);
    }

    // One id, two processes

    @Test
    void join_idOfAnotherProcess_isRefusedAtOnceNamingIt() throws Exception {
        Seat seat = one.join("a", "mine");
        assertPrompt(Duration.ofSeconds(1), () -> {
            long start = System.nanoTime();
            assertThatExceptionOfType(MemberIdInUseException.class)
                    .isThrownBy(() -> two.membership.join("a", "theirs"))
                    .withMessageContaining("'" + one.key("a") + "'")
                    .withMessageContaining(Long.toHexString(one.lease()))
                    .satisfies(refused -> assertThat(refused.holder())
                            .contains(one.membership.members().get(0)));
            return since(start);
        });
        assertThat(seat.state()).isEqualTo(State.JOINED);
        assertThat(one.values()).containsExactly("mine");
        seat.close();
        two.join("a", "theirs");
        assertThat(one.values()).containsExactly("theirs");
    }

    /** All of a process have its lease, so etcd cannot tell them apart. */
    @Test
    void join_idOfThisProcess_isRefused() throws Exception {
        Seat seat = one.join("a", "1");
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofMillis(20))) {
            assertThatExceptionOfType(MemberIdInUseException.class)
                    .isThrownBy(() -> Membership.create(one.sessions, name).join("a", "2", timeout))
                    .withMessageContaining("this process")
                    .satisfies(refused -> assertThat(refused.holder()).isEmpty());
        }
        FutureTask<Seat> next = inThread(() -> one.membership.join("a", "2", SOON));
        seat.close();
        next.get().close();
        assertThat(one.ids()).isEmpty();
    }

    @Test
    void join_withTimeout_waitsUntilTheIdIsFree() throws Exception {
        Seat seat = one.join("a", "1");
        Duration timeout = Duration.ofSeconds(1); // in which etcd says also on a busy machine whose the id is
        assertPrompt(timeout.plus(LATE), () -> {
            long start = System.nanoTime();
            assertThatExceptionOfType(MemberIdInUseException.class)
                    .isThrownBy(() -> two.membership.join("a", "2", timeout));
            Duration took = since(start);
            assertThat(took).isGreaterThanOrEqualTo(timeout);
            return took;
        });
        FutureTask<Seat> next = inThread(() -> two.membership.join("a", "2", SOON));
        await().until(() -> two.peer.log.counts().unaryCallsOpen() == 0);
        seat.close();
        Seat theirs = next.get();
        assertThat(one.values()).containsExactly("2");

        // One that died, and does not come back, and an operator who helps.
        CallFault away = two.peer.faults.every(CallMatcher.any()).loseRequest();
        two.sessions.session().orphan();
        long dead = one.membership.members().get(0).leaseId();
        FutureTask<Seat> restarted = inThread(() -> one.membership.join("a", "3", SOON));
        one.peer.revoke(dead);
        restarted.get().close();
        away.stop();
        theirs.close();
    }

    @Test
    void join_interrupted_leavesNothing() throws Exception {
        Seat seat = one.join("a", "1");
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> two.membership.join("a", "2", SOON));
        CountDownLatch begun = new CountDownLatch(1);
        FutureTask<Seat> task = new FutureTask<>(() -> {
            begun.countDown();
            return two.membership.join("a", "2", SOON);
        });
        Thread waiting = new Thread(task, "joining");
        waiting.start();
        begun.await();
        waiting.interrupt();
        waiting.join(SOON.toMillis());
        assertThat(task).failsWithin(SOON).withThrowableThat().withCauseInstanceOf(InterruptedException.class);
        seat.close();
        two.join("a", "3");
        assertThat(one.values()).containsExactly("3");
    }

    // What takes it away, and how it comes back

    @Test
    void sessionRevoked_isBackAtOnceWithTheSameId() throws Exception {
        Seat seat = one.join("a", "1");
        List<State> states = statesOf(seat);
        observe();
        long lease = one.lease();
        two.peer.revoke(lease);
        awaitStates(states, State.JOINED, State.REJOINING, State.JOINED);
        assertThat(two.membership.members())
                .singleElement()
                .satisfies(member ->
                        assertThat(member.leaseId()).isNotEqualTo(lease).isEqualTo(one.lease()));
        assertThat(seat.lastFailure()).containsInstanceOf(SessionLostException.class);
        awaitChanges("+a=1", "-a", "+a=1");
        assertThat(seat.update("2")).isTrue();
        awaitChanges("+a=1", "-a", "+a=1", "~a=2");
    }

    /** Its key is still there, bound to the lease that is renewed no more: it knows that as its own. */
    @Test
    void sessionEndedAndLeaseAlive_takesItsKeyOver() throws Exception {
        Seat seat = one.join("a", "1");
        List<State> states = statesOf(seat);
        observe();
        Member before = two.membership.members().get(0);
        one.sessions.session().orphan();
        awaitStates(states, State.JOINED, State.REJOINING, State.JOINED);
        Member after = two.membership.members().get(0);
        assertThat(after).isEqualTo(new Member("a", "1", before.joined(), one.lease()));
        two.peer.revoke(before.leaseId());
        assertThat(seat.update("2")).isTrue();
        assertThat(two.values()).containsExactly("2");
        awaitChanges("+a=1", "~a=1", "~a=2");
        assertThat(states).hasSize(3);
    }

    @Test
    void keyDeletedByAnOperator_isBackAtOnce() throws Exception {
        Seat seat = one.join("a", "1");
        List<State> states = statesOf(seat);
        two.peer.delete(one.key("a"));
        awaitStates(states, State.JOINED, State.REJOINING, State.JOINED);
        assertThat(two.values()).containsExactly("1");
        assertThat(seat.lastFailure()).get().asString().contains("deleted");
    }

    @Test
    void idTakenMeanwhile_comesBackWhenTheOtherOneLeaves() throws Exception {
        Seat seat = one.join("a", "mine");
        List<State> states = statesOf(seat);
        var put = PutOption.builder().withLeaseId(two.lease()).build();
        now(two.peer.client.getKVClient().put(Peer.bytes(one.key("a")), Peer.bytes("theirs"), put));
        awaitStates(states, State.JOINED, State.REJOINING);
        assertThat(seat.lastFailure())
                .get()
                .isInstanceOfSatisfying(
                        MemberIdInUseException.class,
                        why -> assertThat(why.holder()).map(Member::value).contains("theirs"));
        assertThat(seat.update("mine again")).isFalse();
        assertThat(two.values()).containsExactly("theirs");
        two.sessions.session().close();
        awaitStates(states, State.JOINED, State.REJOINING, State.JOINED);
        assertThat(two.values()).containsExactly("mine again");
    }

    @Test
    void oneSession_endsWithIt() throws Exception {
        Session session = Session.builder(one.peer.connection).ttl(Peer.LONG).open();
        Membership group = Membership.create(session, name);
        Seat seat = group.join("a", "1");
        assertThat(group.members()).extracting(Member::value).containsExactly("1");
        two.peer.revoke(session.leaseId());
        assertThat(seat.ended().toCompletableFuture())
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(SessionLostException.class);
        assertThat(seat.state()).isEqualTo(State.CLOSED);
        assertThat(one.ids()).isEmpty();
        assertThatExceptionOfType(SessionLostException.class).isThrownBy(() -> group.join("a", "1"));
        one.join("a", "2");
    }

    @Test
    void sessionFactoryClosed_endsAndSaysWhy() throws Exception {
        Seat seat = one.join("a", "1");
        one.sessions.close();
        assertThat(seat.ended().toCompletableFuture())
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(IllegalStateException.class)
                .withMessageContaining("closed");
        assertThat(seat.state()).isEqualTo(State.CLOSED);
        assertThat(two.ids()).isEmpty();
        assertThatIllegalStateException().isThrownBy(() -> one.membership.join("a", "1"));
    }

    @Test
    void close_whileItComesBack_endsAtOnce() throws Exception {
        Seat seat = one.join("a", "1");
        SessionFactory unreachable = new SessionFactory() {
            @Override
            public Session session() {
                if (one.sessions.session().leaseId() != 0 && seat.state() == State.JOINED) {
                    return one.sessions.session();
                }
                throw new RecipeException("test", "", "no session for now", null);
            }

            @Override
            public void close() {}
        };
        Seat other = Membership.create(unreachable, name).join("b", "1");
        seat.close();
        one.sessions.session().close();
        await().until(() ->
                other.lastFailure().map(Throwable::getMessage).orElse("").contains("no session for now"));
        assertThat(other.state()).isEqualTo(State.REJOINING);
        assertThat(other.update("2")).isFalse();
        other.close();
        assertThat(other.state()).isEqualTo(State.CLOSED);
        assertThat(other.ended().toCompletableFuture()).succeedsWithin(SOON);
    }

    // Observing

    @Test
    void observe_everyChange_isToldInOrder() throws Exception {
        MembershipObservation observation = observe();
        assertThat(observation.roster()).map(Membership.Roster::members).contains(List.of());
        assertThat(observation.isCurrent()).isTrue();
        Seat a = one.join("a", "1");
        Seat b = two.join("b", "1");
        a.update("2");
        a.close();
        b.update("2");
        one.join("a", "3");
        awaitChanges("+a=1", "+b=1", "~a=2", "-a", "~b=2", "+a=3");
        assertThat(observation.roster()).map(Membership.Roster::members).contains(two.membership.members());

        Rosters late = new Rosters();
        MembershipObservation later = Membership.observe(one.peer.connection, name, late);
        now(later.ready().toCompletableFuture());
        assertThat(late.changes()).containsExactly("+b=2", "+a=3");
        observation.close();
        observation.close();
        assertThat(observation.isCurrent()).isFalse();
        b.close();
        await().until(() -> late.changes().contains("-b"));
        assertThat(seen.changes()).hasSize(6);
        later.close();
        assertThat(later).hasToString("Observation of Membership '" + name + "'");
    }

    @Test
    void listeners_thatThrowOrBlock_holdUpNobodyElse() throws Exception {
        CountDownLatch enough = new CountDownLatch(1);
        two.membership.observe(roster -> {
            throw new IllegalStateException("by the test");
        });
        two.membership.observe(roster -> awaitQuietly(enough));
        observe();
        Seat seat = one.join("a", "1");
        seat.onState(state -> {
            throw new IllegalStateException("by the test");
        });
        CompletableFuture<Boolean> closedByItself = new CompletableFuture<>();
        seat.onState(state -> {
            seat.close();
            closedByItself.complete(true);
        });
        now(closedByItself);
        awaitChanges("+a=1", "-a");
        enough.countDown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void foreignKeys_areNoMembers() throws Exception {
        observe();
        two.peer.put(name + "/static", "bound to no lease");
        two.peer.put(name + "/a/b", "deeper");
        Seat seat = one.join("a", "1");
        assertThat(one.ids()).containsExactly("a");
        awaitChanges("+a=1");
        assertThatExceptionOfType(MemberIdInUseException.class)
                .isThrownBy(() -> one.membership.join("static", "1"))
                .withMessageContaining("no lease");
        two.peer.put(one.key("a"), "overwritten");
        awaitChanges("+a=1", "-a");
        await().until(() -> seat.state() == State.REJOINING);
        two.peer.delete(one.key("a"));
        awaitChanges("+a=1", "-a", "+a=1");
    }

    // Bad input

    @Test
    void badInput_isRefusedNamingIt() throws Exception {
        for (String bad : List.of("", "/a", "a//b")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Membership.create(one.sessions, bad))
                    .withMessageContaining("'" + bad + "'");
            assertThatIllegalArgumentException().isThrownBy(() -> Membership.members(one.peer.connection, bad));
            assertThatIllegalArgumentException().isThrownBy(() -> Membership.observe(one.peer.connection, bad, seen));
        }
        for (String bad : List.of("", "a/b", "/", "\ud800")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> one.membership.join(bad, "v"))
                    .withMessageContaining("id '" + bad + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.membership.join("x".repeat(1025), "v"))
                .withMessageContaining("1025 bytes")
                .withMessageContaining("x...");
        one.join("\u00e4".repeat(512), "v");
        String large = "x".repeat((1 << 20) + 1);
        for (String bad : List.of(large, "\ud800")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> one.membership.join("a", bad))
                    .withMessageContaining("value");
        }
        Seat seat = one.join("a", large.substring(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> seat.update(large))
                .withMessageContaining("1048577");
        assertThat(seat.value()).hasSize(1 << 20);
        for (String nothing : new String[] {nothing()}) {
            assertThatNullPointerException()
                    .isThrownBy(() -> one.membership.join(nothing, "v"))
                    .withMessage("id");
            assertThatNullPointerException()
                    .isThrownBy(() -> one.membership.join("b", nothing))
                    .withMessage("value");
            assertThatNullPointerException()
                    .isThrownBy(() -> seat.update(nothing))
                    .withMessage("value");
        }
        assertThatNullPointerException().isThrownBy(() -> one.membership.join("b", "v", nothing()));
        assertThatNullPointerException().isThrownBy(() -> one.membership.observe(nothing()));
        assertThatNullPointerException().isThrownBy(() -> seat.onState(nothing()));
        assertThatNullPointerException().isThrownBy(() -> Membership.create((Session) nothing(), name));
        assertThatNullPointerException().isThrownBy(() -> Membership.create((SessionFactory) nothing(), name));
    }

    @Test
    void join_nameThatClashes_isRefused() throws Exception {
        one.join("a", "1");
        for (String bad : List.of(name + "/inner", name.substring(0, name.indexOf('/')))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Membership.create(one.sessions, bad).join("b", "1"))
                    .withMessageContaining("nests")
                    .withMessageContaining("'" + name + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Membership.create(one.sessions, "consort").join("b", "1"))
                .withMessageContaining("'consort'");
        Membership.create(one.sessions, name + "b").join("a", "2").close();
        assertThat(one.values()).containsExactly("1");
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
