/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.FencingToken;
import dev.consort.core.Guard;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.Interruption;
import dev.consort.core.internal.Timing;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One attempt, from its beginning to its end. Thread-safe; runs once. */
final class EtcdRun implements Run {
    private final EtcdGrant leadership;
    private final Plan.Fire fire;
    private final Instant scheduledTime;
    private final BooleanSupplier closing;
    private final Interruption interruption = new Interruption();
    private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private volatile boolean tookTooLong; // set by the timer

    EtcdRun(EtcdGrant leadership, Plan.Fire fire, Instant scheduledTime, BooleanSupplier closing) {
        this.leadership = leadership;
        this.fire = fire;
        this.scheduledTime = scheduledTime;
        this.closing = closing;
    }

    /**
     * Runs the task on this thread, which has no interrupt flag set afterwards.
     *
     * @return what it threw, or that it took too long; null if it returned normally
     */
    @Nullable
    Throwable execute(ClusteredJob.Task task, Optional<Duration> atMost) {
        Timing.Timer timer = atMost.map(longest -> leadership.session().timing().schedule(longest, () -> tooLong()))
                .orElse(Timing.Timer.NONE);
        try {
            interruption.during(() -> {
                task.run(this);
                return true;
            });
            return null;
        } catch (Throwable e) { // an Error as well: the job goes on
            return tookTooLong ? late(atMost.orElseThrow(), e) : e;
        } finally {
            timer.cancel();
        }
    }

    private static Throwable late(Duration longest, Throwable e) {
        TimeoutException late = new TimeoutException("the run took longer than " + longest);
        late.initCause(e);
        return late;
    }

    private void tooLong() {
        tookTooLong = true;
        cancel();
        interruption.interrupt();
    }

    /** Whether it is one of this leadership. */
    boolean isOf(EtcdGrant which) {
        return leadership == which;
    }

    /** The thread is interrupted by whoever calls this. */
    void cancel() {
        leadership.session().callback(() -> cancelled.complete(null));
    }

    @Override
    public FencingToken token() {
        return leadership.token();
    }

    @Override
    public Guard guard() {
        return leadership.guard();
    }

    @Override
    public Instant scheduledTime() {
        return scheduledTime;
    }

    @Override
    public int attempt() {
        return fire.attempt();
    }

    @Override
    public boolean isManual() {
        return fire.trigger() != 0;
    }

    @Override
    public boolean isCancelled() {
        return tookTooLong || closing.getAsBoolean() || !leadership.isHeld();
    }

    @Override
    public CompletionStage<Void> cancelled() {
        return cancelled.minimalCompletionStage();
    }

    @Override
    public String toString() {
        return leadership + ", due " + scheduledTime + ", attempt " + fire.attempt();
    }
}
