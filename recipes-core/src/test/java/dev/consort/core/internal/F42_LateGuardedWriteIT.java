/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F42: a guarded write of an earlier holder in the same process lands under the next one. */
@Execution(ExecutionMode.CONCURRENT)
class F42_LateGuardedWriteIT {
    private static final Duration SHORT = Duration.ofSeconds(1);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** The write was given up as unknown before the release. */
    @Test
    void unknownWrite_isRefusedOnceALocalWaiterHasTakenOver() throws InterruptedException {
        Party party = parties.join(settings -> settings.requestTimeout(SHORT));
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CompletableFuture<EtcdGrant> waiting = party.acquireAsync(name);
        CallFault late = party.faults.next(Requests.putOf(name + "-data")).hold();
        CompletableFuture<Boolean> write =
                first.guard().txn().put(name + "-data", "first").commitAsync();
        assertThat(failure(write)).isInstanceOf(OutcomeUnknownException.class);
        assertThat(first.release()).isTrue();
        assertTakenOverSafely(name, first, get(waiting), late);
    }

    /** The release comes while the write is in flight: it waits for it, up to the request timeout. */
    @Test
    void writeInFlight_atTheRelease_isWaitedForAndThenFencedOff() throws InterruptedException {
        Party party = parties.join(settings -> settings.requestTimeout(SHORT));
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CompletableFuture<EtcdGrant> waiting = party.acquireAsync(name);
        CallFault late = party.faults.next(Requests.putOf(name + "-data")).hold();
        CompletableFuture<Boolean> write =
                first.guard().txn().put(name + "-data", "first").commitAsync();
        get(late.hit());
        CompletableFuture<Boolean> released = first.releaseAsync();
        assertThat(first.isHeld()).isFalse();
        Waits.stays(Duration.ofMillis(300), () -> !waiting.isDone());
        EtcdGrant second = get(waiting);
        assertThat(get(released)).isTrue();
        assertThat(failure(write)).isInstanceOf(OutcomeUnknownException.class);
        assertTakenOverSafely(name, first, second, late);
    }

    /** Also when it was answered: a copy of it may still land, which only a claim that is deleted refuses. */
    @Test
    void writeInFlight_answeredBeforeTheTimeout_isFollowedByAnotherClaim() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CompletableFuture<EtcdGrant> waiting = party.acquireAsync(name);
        CallFault slow = party.faults.next(Requests.putOf(name + "-data")).hold();
        CompletableFuture<Boolean> write =
                first.guard().txn().put(name + "-data", "first").commitAsync();
        get(slow.hit());
        CompletableFuture<Boolean> released = first.releaseAsync();
        slow.release();
        assertThat(get(write)).isTrue();
        assertThat(get(released)).isTrue();
        EtcdGrant second = get(waiting);
        assertThat(second.token().revision()).isGreaterThan(first.token().revision());
        assertThat(second.token()).isGreaterThan(first.token());
        assertThat(operator.value(name + "-data")).isEqualTo("first");
    }

    /** New ones are refused as soon as the release has begun. */
    @Test
    void write_begunAfterTheRelease_isRefused() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CallFault slow = party.faults.next(Requests.putOf(name + "-data")).hold();
        CompletableFuture<Boolean> write =
                first.guard().txn().put(name + "-data", "x").commitAsync();
        get(slow.hit());
        CompletableFuture<Boolean> released = first.releaseAsync();
        assertThat(first.guard().txn().put(name + "-more", "x").commit()).isFalse();
        slow.release();
        assertThat(get(write)).isTrue();
        assertThat(get(released)).isTrue();
        assertThat(operator.value(name + "-more")).isEmpty();
    }

    private void assertTakenOverSafely(String name, EtcdGrant first, EtcdGrant second, CallFault late) {
        assertThat(second.token().revision())
                .as("a claim of its own, so that the late write is refused")
                .isGreaterThan(first.token().revision());
        assertThat(second.guard().txn().put(name + "-data", "second").commit()).isTrue();
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        assertThat(operator.value(name + "-data")).isEqualTo("second");
        assertThat(second.isHeld()).isTrue();
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
    }
}
