/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.GuardedTxn;
import dev.consort.core.LossReason;
import dev.consort.core.internal.CollectedTxn;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.ForwardingGrant;
import dev.consort.core.internal.HeldKey;
import dev.consort.core.internal.Timing;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A grant for the hold of an item. Thread-safe. */
final class EtcdDelivery<T> extends ForwardingGrant implements Delivery<T> {
    private static final Duration LONGEST_DELAY = Duration.ofDays(365);
    private static final String NO_REASON = "given back after the last attempt";

    private final EtcdSession session;
    private final HeldKey hold;
    private final WorkTxns txns;
    private final Taken taken;
    private final T value;
    private final int maxAttempts;
    private final Duration timeLimit;
    private final CompletableFuture<Boolean> acknowledged = new CompletableFuture<>();
    private final AtomicReference<Timing.@Nullable Timer> limit = new AtomicReference<>();

    EtcdDelivery(
            EtcdSession session,
            HeldKey hold,
            WorkTxns txns,
            Taken taken,
            T value,
            int maxAttempts,
            Duration timeLimit) {
        super(hold.grant());
        this.session = session;
        this.hold = hold;
        this.txns = txns;
        this.taken = taken;
        this.value = value;
        this.maxAttempts = maxAttempts;
        this.timeLimit = timeLimit;
        begin();
        var unused = hold.grant().whyOver().whenComplete((reason, failure) -> end());
    }

    private void begin() {
        Timing.Timer next = session.timing().schedule(timeLimit, () -> hold.revoke(LossReason.EXPIRED));
        cancel(limit.getAndSet(next));
    }

    private void end() {
        cancel(limit.get());
    }

    private static void cancel(Timing.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    @Override
    public T value() {
        return value;
    }

    @Override
    public long attempt() {
        return taken.attempt();
    }

    @Override
    public boolean ack() {
        return ackBy(txns.acknowledge(taken.item()).build());
    }

    private boolean ackBy(TxnRequest txn) {
        boolean done = hold.release(txn);
        if (done) {
            acknowledged.complete(true);
        }
        return done;
    }

    /** Completes when somebody has acknowledged it and etcd has confirmed that; for our own code, which must not block. */
    CompletableFuture<Boolean> acknowledged() {
        return acknowledged;
    }

    @Override
    public CompletableFuture<Boolean> ackAsync() {
        return hold.releaseAsync(txns.acknowledge(taken.item()).build()).whenComplete((done, failure) -> {
            if (failure == null && done) {
                acknowledged.complete(true);
            }
        });
    }

    @Override
    public boolean ack(Consumer<GuardedTxn> writes) {
        CollectedTxn collected = new CollectedTxn(session);
        Objects.requireNonNull(writes, "writes").accept(collected);
        return ackBy(collected.addTo(txns.acknowledge(taken.item())).build());
    }

    @Override
    public boolean nack(Duration delay) {
        return nack(delay, NO_REASON);
    }

    @Override
    public boolean nack(Duration delay, String reason) {
        return hold.release(
                givenBack(Objects.requireNonNull(delay, "delay"), Objects.requireNonNull(reason, "reason")));
    }

    private TxnRequest givenBack(Duration delay, String reason) {
        if (delay.isNegative() || delay.compareTo(LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException(this + ": delay " + delay + " is not within 0.." + LONGEST_DELAY);
        }
        if (taken.attempt() >= maxAttempts) {
            return txns.putAside(taken, reason, taken.attempt());
        }
        return delay.isZero()
                ? txns.giveBack(taken.item())
                : txns.rest(taken.item(), session.now().plus(delay).toEpochMilli());
    }

    @Override
    public boolean extend() {
        if (!isHeld()) {
            return false;
        }
        begin();
        if (isHeld()) {
            return true;
        }
        end(); // it has ended meanwhile
        return false;
    }

    @Override
    public String toString() {
        return grant() + " attempt " + attempt();
    }
}
