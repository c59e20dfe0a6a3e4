/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a wait ends, and what it leaves behind: I5, I6, I9, S11, S39. */
@Execution(ExecutionMode.CONCURRENT)
class ClaimQueueIT {
    private static final Duration PROMPT = Duration.ofMillis(250);
    private static final int TRIALS = 5;

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** I6 */
    @Test
    void sessions_areServedInTheOrderOfTheirClaims() throws InterruptedException {
        String name = Parties.name();
        EtcdGrant held = parties.join().acquire(name);
        List<CompletableFuture<EtcdGrant>> waiting = new ArrayList<>();
        for (int i = 2; i <= 6; i++) {
            waiting.add(parties.join().acquireAsync(name));
            int claims = i;
            soon(() -> assertThat(operator.claims(name)).hasSize(claims));
        }
        EtcdGrant before = held;
        for (int i = 0; i < waiting.size(); i++) {
            assertThat(waiting.stream().filter(CompletableFuture::isDone)).hasSize(i);
            before.close();
            EtcdGrant next = get(waiting.get(i));
            assertThat(next.token()).isGreaterThan(before.token());
            before = next;
        }
        before.close();
        assertThat(operator.claims(name)).isEmpty();
    }

    /** I5 */
    @Test
    void claims_areBoundToTheLeaseAndSayWhose() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        assertThat(operator.claims(name)).singleElement().satisfies(claim -> {
            assertThat(claim.getLease()).isEqualTo(party.session.leaseId());
            assertThat(claim.getKey()).isEqualTo(Operator.bytes(party.claimKey(name)));
            assertThat(claim.getValue()).isEqualTo(Operator.bytes("a test"));
        });
        assertThat(ClaimReader.read(party.session, Party.spec(name), 0))
                .singleElement()
                .satisfies(claim -> {
                    assertThat(claim.leaseId()).isEqualTo(party.session.leaseId());
                    assertThat(claim.revision()).isEqualTo(grant.token().revision());
                    assertThat(claim.value()).isEqualTo(ByteString.copyFromUtf8("a test"));
                });
        assertThat(grant.remaining()).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(10));
        assertThat(grant).hasToString("Test '" + name + "' token " + grant.token() + " HELD");
    }

    /** I9: the timeout itself is exact; the withdrawal of the claim need not be over by then. */
    @Test
    void tryAcquire_timeout_isKeptAndLeavesNoClaim() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        List<Duration> late = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
            Duration timeout = Duration.ofMillis(100);
            long asked = System.nanoTime();
            assertThat(waiter.acquirer.tryAcquire(Party.spec(name), timeout)).isEmpty();
            late.add(since(asked).minus(timeout));
        }
        assertPrompt(late);
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        assertThat(grant.isHeld()).isTrue();
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(1));
    }

    /** I9, with etcd out of reach: the wait is local. */
    @Test
    void tryAcquire_timeoutWithEtcdOutOfReach_isKept() throws InterruptedException {
        Party party = parties.join();
        List<Duration> late = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
            party.faults.next(Requests.acquireOf("test")).hangRequest();
            Duration timeout = Duration.ofMillis(100);
            long asked = System.nanoTime();
            assertThat(party.acquirer.tryAcquire(Party.spec(Parties.name()), timeout))
                    .isEmpty();
            late.add(since(asked).minus(timeout));
        }
        assertPrompt(late);
    }

    /** I9 */
    @Test
    void acquire_interrupted_endsPromptlyAndLeavesNoClaim() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        List<Duration> late = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
            CompletableFuture<Duration> ended = new CompletableFuture<>();
            CompletableFuture<Long> interruptedAt = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    waiter.acquire(name);
                } catch (InterruptedException e) {
                    ended.complete(since(interruptedAt.join()));
                }
            });
            thread.start();
            soon(() -> assertThat(operator.claims(name)).hasSize(2));
            interruptedAt.complete(System.nanoTime());
            thread.interrupt();
            late.add(get(ended));
            soon(() -> assertThat(operator.claims(name)).hasSize(1));
        }
        assertPrompt(late);
        assertThat(grant.isHeld()).isTrue();
    }

    @Test
    void acquire_interruptedBefore_throwsAndClaimsNothing() {
        Party party = parties.join();
        String name = Parties.name();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> party.acquire(name)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> party.acquirer.tryAcquire(Party.spec(name), Duration.ofSeconds(1)))
                .isInstanceOf(InterruptedException.class);
        assertThat(operator.claims(name)).isEmpty();
    }

    @Test
    void release_interrupted_isCarriedOutAndKeepsTheFlag() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        Thread.currentThread().interrupt();
        assertThat(grant.release()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }

    @Test
    void acquireUninterruptibly_interrupted_waitsOnAndKeepsTheFlag() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant held = party.acquire(name);
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            Thread.currentThread().interrupt();
            party.acquirer.acquireUninterruptibly(Party.spec(name)).close();
            flag.complete(Thread.currentThread().isInterrupted());
        });
        thread.start();
        Waits.stays(Duration.ofMillis(100), () -> !flag.isDone());
        held.close();
        assertThat(get(flag)).isTrue();
    }

    @Test
    void tryAcquire_heldByAnotherSession_isEmptyAtOnceAndLeavesNothing() throws InterruptedException {
        Party holder = parties.join();
        Party other = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        assertThat(other.acquirer.tryAcquire(Party.spec(name))).isEmpty();
        assertThat(other.acquirer.tryAcquire(Party.spec(name), Duration.ZERO)).isEmpty();
        assertThat(other.acquirer.tryAcquire(Party.spec(name), Duration.ofSeconds(-1)))
                .isEmpty();
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        grant.close();
        assertThat(other.acquirer.tryAcquire(Party.spec(name))).isPresent();
    }

    @Test
    void tryAcquire_longestTimeout_doesNotOverflow() throws InterruptedException {
        assertThat(parties.join().acquirer.tryAcquire(Party.spec(Parties.name()), Duration.ofSeconds(Long.MAX_VALUE)))
                .isPresent();
    }

    /** S11 */
    @Test
    void acquireAsync_endedBySomebodyElse_leavesNoClaim() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> cancelled = waiter.acquireAsync(name);
        CompletableFuture<EtcdGrant> timedOut = waiter.acquireAsync(name).orTimeout(50, TimeUnit.MILLISECONDS);
        CompletableFuture<EtcdGrant> completed = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        cancelled.cancel(false);
        completed.complete(grant);
        assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
        assertThatThrownBy(timedOut::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        grant.close();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    @Test
    void acquireAsync_cancelOfADependentStage_doesNotGiveUpTheClaim() {
        Party party = parties.join();
        String name = Parties.name();
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        acquire.thenApply(EtcdGrant::token).cancel(true);
        assertThat(get(acquire).isHeld()).isTrue();
    }

    @Test
    void tryRun_releasesHoweverTheActionEnds() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        List<Boolean> ran = new ArrayList<>();
        assertThat(party.acquirer.<RuntimeException>tryRun(
                        Party.spec(name), Duration.ofSeconds(5), grant -> ran.add(grant.isHeld())))
                .isTrue();
        assertThat(ran).containsExactly(true);
        assertThat(operator.claims(name)).isEmpty();
        assertThatThrownBy(() ->
                        party.acquirer.<IllegalStateException>tryRun(Party.spec(name), Duration.ofSeconds(5), grant -> {
                            throw new IllegalStateException("the action's own");
                        }))
                .hasMessage("the action's own");
        assertThat(operator.claims(name)).isEmpty();
        EtcdGrant held = party.acquire(name);
        assertThat(party.acquirer.<RuntimeException>tryRun(
                        Party.spec(name), Duration.ofMillis(50), grant -> ran.add(false)))
                .isFalse();
        assertThat(ran).hasSize(1);
        held.close();
    }

    /** S39 */
    @Test
    void namesThatNest_areRefusedWithinAProcessAndBlockNobodyElse() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant outer = party.acquire(name);
        assertThat(failure(party.acquireAsync(name + "/sub")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("'" + name + "/sub'", "'" + name + "'", "rename one");
        outer.close();
        EtcdGrant inner = get(party.acquireAsync(name + "/sub"));
        assertThat(failure(party.acquireAsync(name))).isInstanceOf(IllegalArgumentException.class);
        // Names that only share their beginning are different names.
        EtcdGrant similar = party.acquire(name + "/subway");
        EtcdGrant shorter = party.acquire(name + "/su");
        assertThat(List.of(inner.isHeld(), similar.isHeld(), shorter.isHeld())).containsOnly(true);
    }

    /** S39, between processes, where nobody can know: the one that would be blocked is told which key does it. */
    @Test
    void namesThatNest_betweenProcesses_areToldToTheBlockedOne() throws InterruptedException {
        Party one = parties.join();
        Party other = parties.join();
        String name = Parties.name();
        EtcdGrant inner = one.acquire(name + "/sub");
        assertThat(failure(other.acquireAsync(name)))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("Test '" + name + "'", one.claimKey(name + "/sub"), "do not nest");
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        assertThat(inner.isHeld()).isTrue();
    }

    /** S39 */
    @Test
    void names_ofAnyTextAndLength_haveQueuesOfTheirOwn() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        List<EtcdGrant> held = new ArrayList<>();
        for (String end : List.of("/\u0000\u0001", "/ä€𝄞", "/" + "x".repeat(4000), "/%", "/..", "/ ")) {
            held.add(party.acquire(name + end));
        }
        assertThat(held).allMatch(EtcdGrant::isHeld);
        held.forEach(EtcdGrant::close);
        assertThat(operator.claims(name)).isEmpty();
    }

    /** S22 */
    @ParameterizedTest
    @ValueSource(ints = {(3 << 19) + 1, 3 << 20}) // refused by etcd, and by its gRPC
    void valueOverTheLimit_isAClearErrorAndNotRetried(int size) {
        Party party = parties.join();
        String name = Parties.name();
        ClaimSpec large = new ClaimSpec("Test", name, () -> ByteString.copyFrom(new byte[size]), false);
        assertThatThrownBy(() -> party.acquirer.acquire(large))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("Test '" + name + "'", "large", "1.5 MiB");
        assertThat(party.log.counts().unaryFailures("KV/Txn")).isEqualTo(1);
        assertThat(operator.claims(name)).isEmpty();
        assertThat(get(party.acquireAsync(name)).isHeld()).isTrue();
    }

    /** S22 */
    @Test
    void guardedWriteOverTheLimit_isAClearErrorAndNotRetried() throws InterruptedException {
        Party party = parties.join();
        EtcdGrant grant = party.acquire(Parties.name());
        long before = party.log.counts().unaryCalls("KV/Txn");
        assertThatThrownBy(() ->
                        grant.guard().txn().put("data", "x".repeat(2 << 20)).commit())
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("large", "1.5 MiB");
        assertThat(party.log.counts().unaryCalls("KV/Txn")).isEqualTo(before + 1);
        assertThat(grant.isHeld()).isTrue();
        assertThat(grant.release()).isTrue();
    }

    /** F14: after an answer that was lost both sides agree. */
    @Test
    void releaseUnconfirmed_isNotHeldAndEndsInEtcdToo() throws InterruptedException {
        Party party = parties.join(settings -> settings.requestTimeout(Duration.ofMillis(500)));
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        CallFault fault = party.faults.every(Requests.releaseOf(name)).hangReply();
        assertThatThrownBy(grant::release)
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContainingAll("Test '" + name + "'", "not held any more");
        assertThat(grant.isHeld()).isFalse();
        fault.stop();
        assertThat(get(party.acquireAsync(name)).token()).isGreaterThan(grant.token());
        assertThat(operator.claims(name)).hasSize(1);
    }

    private static void assertPrompt(List<Duration> late) {
        List<Duration> sorted = late.stream().sorted().toList();
        assertThat(sorted.get(sorted.size() / 2)).as("late by %s", late).isLessThan(PROMPT);
    }

    /** The watch of the claim before may speak before the message does, which still tells who follows. */
    @Test
    void messageAfterTheGrant_isPassedOnWithoutReading() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        Party third = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        CompletableFuture<EtcdGrant> last = third.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(3));
        CallFault late = waiter.faults.every(Requests.eventsOf("/mail")).dropMessages(Direction.TO_CLIENT);
        assertThat(grant.release()).isTrue();
        EtcdGrant second = get(waiting);
        get(late.hit());
        late.stop();
        String mailbox = "consort/session/" + Long.toHexString(waiter.session.leaseId()) + "/mail";
        long heard = waiter.log.counts().messagesReceived("Watch/Watch");
        operator.putAgain(mailbox);
        soon(() ->
                assertThat(waiter.log.counts().messagesReceived("Watch/Watch")).isGreaterThan(heard));
        Waits.pass(Duration.ofMillis(50)); // until it is taken in, too

        CallCounts before = waiter.log.counts();
        assertThat(second.release()).isTrue();
        assertThat(get(last).isHeld()).isTrue();
        assertThat(waiter.log.counts().since(before).unaryCalls()).isEqualTo(1);
    }
}
