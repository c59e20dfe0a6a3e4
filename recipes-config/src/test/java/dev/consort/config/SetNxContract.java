/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static dev.consort.config.Server.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.config.SetNx.Answer;
import dev.consort.config.SetNx.Answer.Status;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What set-if-absent promises, whatever server is behind it. */
abstract class SetNxContract {
    /** How much longer than asked for anything may take. */
    private static final Duration LATE = Duration.ofSeconds(1);

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration TTL = Duration.ofSeconds(60);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final SetNx mine = SetNx.permanent(here.connection, name);
    private final SetNx theirs = SetNx.permanent(there.connection, name);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
        assertThat(Thread.interrupted()).isFalse();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void trySet_ofAPermanentOne_isHeldUntilItIsReleased() {
        Answer created = mine.trySet("v1");
        assertThat(created.status()).isEqualTo(Status.CREATED);
        assertThat(created.isMine()).isTrue();
        assertThat(created.owner()).contains(mine.owner());
        assertThat(created.remaining()).isEmpty();
        assertThat(server.get(name).orElseThrow().getCreateRevision())
                .isEqualTo(created.token().revision());
        assertThat(server.text(name)).isEqualTo("v1");
        assertThat(server.text(name + "/owner")).isEqualTo(mine.owner());

        Answer held = theirs.trySet("v2");
        assertThat(held)
                .isEqualTo(
                        new Answer(Status.HELD_BY_ANOTHER, "v1", created.token(), created.owner(), Optional.empty()));
        assertThat(held.isMine()).isFalse();
        assertThat(theirs.current()).contains(held);
        assertThat(theirs.release(held.token())).isFalse();
        assertThat(theirs.refresh(held.token())).isFalse();
        assertThat(mine.refresh(created.token())).isTrue();
        assertThat(mine.release(new FencingToken(created.token().revision() + 1, 0)))
                .isFalse();
        assertThat(mine.release(created.token())).isTrue();
        assertThat(mine.release(created.token())).isFalse();
        assertThat(mine.refresh(created.token())).isFalse();
        assertThat(server.get(name)).isEmpty();
        assertThat(server.get(name + "/owner")).isEmpty();
        assertThat(mine.current()).isEmpty();

        Answer next = theirs.trySet("v2");
        assertThat(next.status()).isEqualTo(Status.CREATED);
        assertThat(next.token()).isGreaterThan(created.token());
        assertThat(mine.release(created.token())).isFalse();
        assertThat(theirs.release(next.token())).isTrue();
    }

    /** S33: the owner is a text of the user's, so that it is known again after its process has died. */
    @Test
    void trySet_againByTheSameOwner_isAlreadyMine() {
        for (SetNx kind : List.of(
                mine,
                SetNx.expiring(here.connection, name + "-expiring", TTL),
                SetNx.boundTo(here.session(), name + "-bound"))) {
            Answer created = kind.as("import 7").trySet("v1");
            SetNx again = kind == mine
                    ? theirs.as("import 7")
                    : SetNx.expiring(there.connection, kind.name(), TTL).as("import 7");
            Answer answer = again.trySet("v2");
            assertThat(answer.status()).as(kind.name()).isEqualTo(Status.ALREADY_MINE);
            assertThat(answer.isMine()).isTrue();
            assertThat(answer.value()).isEqualTo("v1");
            assertThat(answer.token()).isEqualTo(created.token());
            assertThat(again.owner()).isEqualTo("import 7");
            assertThat(kind.trySet("v3").status()).isEqualTo(Status.HELD_BY_ANOTHER);
            assertThat(again.release(answer.token())).isTrue();
        }
        assertThat(server.leases()).contains(here.session().leaseId());
        assertThat(here.session().state().isFinal()).isFalse();
    }

    @Test
    void defaultOwner_isOneForEachConnectionAndEachSession() {
        assertThat(mine.owner())
                .isEqualTo(SetNx.expiring(here.connection, "other", TTL).owner())
                .isNotEqualTo(theirs.owner())
                .contains("pid=");
        assertThat(SetNx.boundTo(here.session(), name).owner())
                .isEqualTo(SetNx.boundTo(here.session(), "other").owner())
                .isNotEqualTo(mine.owner())
                .contains(Long.toHexString(here.session().leaseId()));
    }

    @Test
    void expiring_hasATimeOfItsOwn_whichRefreshBeginsAnew() {
        SetNx expiring = SetNx.expiring(here.connection, name, TTL);
        List<Long> before = server.leases();
        Answer created = expiring.trySet("v");
        assertThat(created.remaining().orElseThrow()).isBetween(TTL.minusSeconds(15), TTL);
        long lease = server.get(name).orElseThrow().getLease();
        assertThat(server.get(name + "/owner").orElseThrow().getLease()).isEqualTo(lease);
        assertThat(before).doesNotContain(lease);
        assertThat(theirs.current().orElseThrow().remaining().orElseThrow()).isBetween(TTL.minusSeconds(15), TTL);
        server.passTime(Duration.ofSeconds(40));
        assertThat(expiring.refresh(created.token())).isTrue();
        assertThat(theirs.current().orElseThrow().remaining().orElseThrow()).isBetween(TTL.minusSeconds(15), TTL);
        assertThat(SetNx.expiring(there.connection, name, TTL).trySet("w").status())
                .isEqualTo(Status.HELD_BY_ANOTHER);
        assertThat(expiring.release(created.token())).isTrue();
        await().untilAsserted(() -> assertThat(server.leases()).doesNotContain(lease));

        Answer again = expiring.trySet("v");
        server.revoke(server.get(name).orElseThrow().getLease());
        assertThat(expiring.refresh(again.token())).isFalse();
        assertThat(expiring.release(again.token())).isFalse();
    }

    @Test
    void expiring_goesByItself() throws Exception {
        SetNx expiring = SetNx.expiring(here.connection, name, Duration.ofSeconds(2));
        Answer first = expiring.trySet("v");
        assertThat(theirs.awaitAbsent(Duration.ofMillis(20))).isFalse();
        server.passTime(Duration.ofSeconds(2));
        assertThat(theirs.awaitAbsent(Duration.ofSeconds(20))).isTrue();
        assertThat(server.get(name + "/owner")).isEmpty();
        assertThat(expiring.trySet("v").token()).isGreaterThan(first.token());
    }

    @Test
    void boundToASession_goesWithItAndNotBefore() throws Exception {
        SetNx bound = SetNx.boundTo(here.session(), name);
        Answer created = bound.trySet("v");
        assertThat(created.remaining().orElseThrow()).isPositive();
        assertThat(server.get(name).orElseThrow().getLease())
                .isEqualTo(here.session().leaseId());
        assertThat(bound.refresh(created.token())).isTrue();
        CompletableFuture<Void> absent = theirs.awaitAbsentAsync();
        assertThat(theirs.awaitAbsent(Duration.ofMillis(30))).isFalse();
        here.session().close();
        soon(absent);
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(() -> bound.trySet("w"))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(LossReason.CLOSED))
                .withMessageContaining(name);
    }

    /** The session has not heard of it yet. */
    @Test
    void boundToASession_whoseLeaseWasRevoked_saysSo() {
        SetNx bound = SetNx.boundTo(here.session(), name);
        here.faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_CLIENT);
        assertThat(bound.release(new FencingToken(1, 0))).isFalse(); // the connection's own lease is there by now
        List<Long> before = server.leases();
        server.revoke(here.session().leaseId());
        assertThatExceptionOfType(SessionLostException.class)
                .isThrownBy(() -> bound.trySet("w"))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(LossReason.REVOKED));
        assertThat(newLeases(before)).isEmpty();
        assertThat(server.get(name)).isEmpty();
    }

    /** The example of etcd's tutorials: ten contenders, of whom one creates the key. */
    @Test
    void contenders_ofTen_oneWins() throws Exception {
        assertOneOf(10, mine, theirs);
    }

    @Test
    void contenders_ofAHundred_oneWins() throws Exception {
        assertOneOf(100, SetNx.boundTo(here.session(), name), SetNx.boundTo(there.session(), name));
    }

    @Test
    void contenders_ofAThousand_oneWinsAndLeavesOneLease() throws Exception {
        try (Party one = server.joinPatiently();
                Party other = server.joinPatiently()) {
            for (Party each : List.of(one, other)) {
                assertThat(SetNx.permanent(each.connection, name).release(new FencingToken(1, 0)))
                        .isFalse(); // the connections' own leases are there by now
            }
            List<Long> before = server.leases();
            assertOneOf(
                    1_000,
                    SetNx.expiring(one.connection, name, TTL),
                    SetNx.expiring(other.connection, name, TTL),
                    one,
                    other);
            long lease = server.get(name).orElseThrow().getLease();
            await().untilAsserted(() -> assertThat(newLeases(before)).containsExactly(lease));
        }
    }

    private List<Long> newLeases(List<Long> before) {
        List<Long> now = new ArrayList<>(server.leases());
        now.removeAll(before);
        return now;
    }

    private void assertOneOf(int count, SetNx one, SetNx other) throws Exception {
        assertOneOf(count, one, other, here, there);
    }

    private void assertOneOf(int count, SetNx one, SetNx other, Party ofOne, Party ofOther) throws Exception {
        for (Party party : List.of(ofOne, ofOther)) {
            party.faults.next(count / 10, CallMatcher.method("KV/Txn")).loseReply();
            party.faults.next(count / 10, CallMatcher.method("KV/Txn")).loseRequest();
        }
        Map<String, CompletableFuture<Answer>> answers = new HashMap<>();
        for (int i = 0; i < count; i++) {
            answers.put("no " + i, (i % 2 == 0 ? one : other).as("no " + i).trySetAsync("of no " + i));
        }
        List<String> winners = new ArrayList<>();
        for (Map.Entry<String, CompletableFuture<Answer>> each : answers.entrySet()) {
            if (each.getValue().get(LONG.toSeconds(), TimeUnit.SECONDS).status() == Status.CREATED) {
                winners.add(each.getKey());
            }
        }
        assertThat(winners).hasSize(1);
        String winner = winners.get(0);
        FencingToken token = theirs.current().orElseThrow().token();
        assertThat(server.text(name)).isEqualTo("of " + winner);
        for (CompletableFuture<Answer> each : answers.values()) {
            assertThat(soon(each).owner()).contains(winner);
            assertThat(soon(each).token()).isEqualTo(token);
        }
    }

    // Other clients

    @Test
    void foreignKey_isHeldBySomebodyWhoIsNotKnown() throws Exception {
        long revision = server.put(name, "theirs");
        Answer held = mine.trySet("v");
        assertThat(held)
                .isEqualTo(new Answer(
                        Status.HELD_BY_ANOTHER,
                        "theirs",
                        new FencingToken(revision, 0),
                        Optional.empty(),
                        Optional.empty()));
        assertThat(mine.release(held.token())).isFalse();
        assertThat(mine.refresh(held.token())).isFalse();
        CompletableFuture<Void> absent = mine.awaitAbsentAsync();
        server.put(name, "changed");
        assertThat(mine.awaitAbsent(Duration.ofMillis(20))).isFalse();
        server.delete(name);
        soon(absent);
        assertThat(mine.trySet("v").status()).isEqualTo(Status.CREATED);
    }

    /** S6: what somebody else wrote over it is not ours to delete; an overwrite keeps the create revision. */
    @Test
    void foreignOverwrite_takesItFromItsOwner() {
        SetNx expiring = SetNx.expiring(here.connection, name, TTL);
        Answer created = expiring.trySet("v");
        server.put(name, "theirs");
        assertThat(expiring.release(created.token())).isFalse();
        assertThat(expiring.refresh(created.token())).isFalse();
        Answer held = expiring.trySet("w");
        assertThat(held.status()).isEqualTo(Status.HELD_BY_ANOTHER);
        assertThat(held.owner()).isEmpty();
        assertThat(held.value()).isEqualTo("theirs");
        assertThat(held.remaining()).isEmpty();
    }

    @Test
    void leftOverOwner_doesNotMatter() {
        server.put(name + "/owner", mine.owner());
        assertThat(mine.current()).isEmpty();
        server.put(name, "theirs");
        assertThat(mine.trySet("v").status()).isEqualTo(Status.HELD_BY_ANOTHER);
        server.delete(name);
        Answer created = mine.as("me").trySet("v");
        assertThat(created.status()).isEqualTo(Status.CREATED);
        assertThat(mine.as("me").trySet("v").status()).isEqualTo(Status.ALREADY_MINE);
        assertThat(mine.as("me").release(created.token())).isTrue();
        assertThat(server.get(name + "/owner")).isEmpty();
    }

    // Waiting

    @Test
    void awaitAbsent_endedEarly_endsInTime() throws Exception {
        assertThat(mine.awaitAbsent(Duration.ZERO)).isTrue();
        Answer created = mine.trySet("v");
        for (int millis : new int[] {-1, 0, 60}) {
            Duration timeout = Duration.ofMillis(millis);
            assertPrompt(timeout.plus(LATE), () -> {
                long start = System.nanoTime();
                assertThat(theirs.awaitAbsent(timeout)).isFalse();
                Duration took = since(start);
                assertThat(took).isGreaterThanOrEqualTo(timeout);
                return took;
            });
        }
        Future<Boolean> waiting = threads.start(() -> theirs.awaitAbsent(LONG));
        CompletableFuture<Void> cancelled = theirs.awaitAbsentAsync();
        assertThat(theirs.awaitAbsent(Duration.ofMillis(20))).isFalse();
        threads.interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(InterruptedException.class);
        assertThat(cancelled.cancel(false)).isTrue();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> theirs.awaitAbsent(LONG));

        Thread.currentThread().interrupt();
        assertThat(mine.release(created.token())).isTrue();
        assertThat(mine.trySet("v").status()).isEqualTo(Status.CREATED);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void awaitAbsent_connectionClosed_failsAtOnce() {
        assertThat(mine.trySet("v").isMine()).isTrue();
        CompletableFuture<Void> waiting = theirs.awaitAbsentAsync();
        there.connection.close();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> soon(waiting))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("closed");
    }

    @Test
    void trySetAsync_cancelled_leavesNothing() throws Exception {
        for (SetNx kind : List.of(mine, SetNx.expiring(here.connection, name, TTL))) {
            CallFault late = here.faults.delayNext(Calls.putting(name), Duration.ofMillis(20));
            CompletableFuture<Answer> setting = kind.trySetAsync("v");
            setting.cancel(false);
            assertThat(soon(late.landed()).isOk()).isTrue();
            await().until(() -> server.get(name).isEmpty());
        }
    }

    // Bad input

    @Test
    void badInput_isRefusedNamingIt() {
        for (Duration bad : List.of(
                Duration.ofSeconds(-3),
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofMillis(2500),
                Duration.ofDays(366))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SetNx.expiring(here.connection, name, bad))
                    .withMessageContaining(name)
                    .withMessageContaining("ttl " + bad + " ");
        }
        for (String bad : List.of("", "/a", "a//b", "a/")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SetNx.permanent(here.connection, bad))
                    .withMessageContaining("'" + bad + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SetNx.boundTo(here.session(), "consort/session/x"))
                .withMessageContaining("sessions");
        for (String bad : List.of("", "x".repeat(1025))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> mine.as(bad))
                    .withMessageContaining(bad.length() + " characters");
        }
        assertThatNullPointerException()
                .isThrownBy(() -> mine.trySet(nothing()))
                .withMessageContaining("value");
        assertThatNullPointerException()
                .isThrownBy(() -> mine.release(nothing()))
                .withMessageContaining("token");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.trySet("half of a pair: \ud800"))
                .withMessageContaining(name);
    }

    @Test
    void valueOverTheLimit_isRefusedAndLeavesNoLease() {
        SetNx expiring = SetNx.expiring(here.connection, name, TTL);
        Answer small = expiring.trySet("v"); // the receipts' lease is there by now
        assertThat(expiring.release(small.token())).isTrue();
        List<Long> before = server.leases();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> expiring.trySet("x".repeat(2_000_000)))
                .withMessageContaining(name)
                .withMessageContaining("1.5 MiB");
        await().untilAsserted(() -> assertThat(newLeases(before)).isEmpty());
        assertThat(server.get(name)).isEmpty();
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
