/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Guard;
import dev.consort.core.LossReason;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.Compare;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the engine grants.
 *
 * <p>Concurrency: state changes are confined to the session's serializer; {@link #state} is volatile so that
 * {@link #isHeld()} costs no hand-over.
 */
public final class EtcdGrant implements Grant {
    /** HELD to CLOSING to RELEASED, and to LOST from HELD or CLOSING. */
    private enum State {
        HELD,
        CLOSING,
        RELEASED,
        LOST
    }

    private static final Logger log = LoggerFactory.getLogger(EtcdGrant.class);
    private static final VarHandle LOST = future("lost");
    private static final VarHandle WHY_OVER = future("whyOver");

    private final EtcdSession session;
    private final Grantor queue;
    private final ClaimSpec spec;
    private final Conditions conditions;
    private final FencingToken token;
    private volatile State state = State.HELD; // written by the serializer only
    private volatile boolean givenBack; // set by whoever releases, for whom it is over at once

    // Confined to the serializer.
    private int inFlight;
    private boolean wrote;
    private Runnable onLost = () -> {};
    private @Nullable Runnable whenQuiet; // unless it is just given back then
    private @Nullable Transfer transfer; // under way
    private Timing.Timer closeTimer = Timing.Timer.NONE;
    private @Nullable CompletableFuture<Boolean> released;

    // Made for the first who asks for it: many may be held for whose end nobody waits.
    private volatile @Nullable CompletableFuture<LossReason> lost;
    private volatile @Nullable CompletableFuture<LossReason> whyOver;

    /** What holds in etcd while a grant does: what its guarded transactions compare. */
    interface Conditions {
        List<Compare> whileHeld(EtcdGrant grant);

        /** That a key is as it was put at a revision. */
        static Conditions unchanged(ByteString key, long revision) {
            return grant -> List.of(ClaimTxns.modIs(key, revision));
        }
    }

    EtcdGrant(EtcdSession session, Grantor queue, ClaimSpec spec, FencingToken token, Conditions conditions) {
        this.session = session;
        this.queue = queue;
        this.spec = spec;
        this.token = token;
        this.conditions = conditions;
    }

    private static VarHandle future(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(EtcdGrant.class, field, CompletableFuture.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unchecked")
    private CompletableFuture<LossReason> made(@Nullable CompletableFuture<LossReason> known, VarHandle field) {
        if (known != null) {
            return known;
        }
        CompletableFuture<LossReason> first = new CompletableFuture<>();
        var other = (CompletableFuture<LossReason>) field.compareAndExchange(this, null, first);
        return other == null ? first : other;
    }

    ClaimSpec spec() {
        return spec;
    }

    /** What it is bound to. */
    public EtcdSession session() {
        return session;
    }

    @Override
    public FencingToken token() {
        return token;
    }

    @Override
    public boolean isHeld() {
        return state == State.HELD && !givenBack && session.isAlive();
    }

    @Override
    public Duration remaining() {
        return isHeld() ? session.remaining() : Duration.ZERO;
    }

    @Override
    public Guard guard() {
        return () -> new EtcdGuardedTxn(session, this);
    }

    @Override
    public CompletionStage<LossReason> lost() {
        return made(lost, LOST).minimalCompletionStage();
    }

    @Override
    public boolean release() {
        return release(() -> {});
    }

    /** As {@link #release()}; whoever gives it back decides how, on the serializer. */
    boolean release(Runnable decided) {
        try {
            return Await.uninterruptibly(
                    session.timing(), closeOnce(decided), session.calls().requestTimeout());
        } catch (CallFailure late) {
            throw unconfirmed(late);
        }
    }

    private OutcomeUnknownException unconfirmed(CallFailure late) {
        return new OutcomeUnknownException(
                spec.recipe(),
                spec.name(),
                "etcd has not confirmed the release (" + late.getMessage()
                        + "); it is not held any more, and its key goes when etcd answers, or with the session",
                late);
    }

    @Override
    public CompletableFuture<Boolean> releaseAsync() {
        return releaseAsync(() -> {});
    }

    /** As {@link #release(Runnable)}. */
    CompletableFuture<Boolean> releaseAsync(Runnable decided) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Completion.of(
                closeOnce(decided),
                (wasHeld, failure) -> session.callback(() -> Completion.pass(wasHeld, failure, result)));
        return result;
    }

    @Override
    public void close() {
        if (state == State.RELEASED) {
            return;
        }
        try {
            if (!release()) {
                log.warn("{} '{}': closed after it had been lost; token {}", spec.recipe(), spec.name(), token);
            }
        } catch (RecipeException e) {
            log.warn("{} '{}': not released cleanly", spec.recipe(), spec.name(), e);
        }
    }

    /** Whoever calls second learns false: it was released before. */
    private CompletableFuture<Boolean> closeOnce(Runnable decided) {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        givenBack = true;
        session.execute(() -> {
            if (state != State.HELD || !session.isAlive()) {
                Completion.of(released(), (wasHeld, failure) -> mine.complete(false));
                if (state == State.HELD || state == State.LOST) {
                    released().complete(false);
                }
                return;
            }
            state = State.CLOSING;
            decided.run();
            Completion.forward(released(), mine);
            if (inFlight == 0) {
                giveBack();
            } else {
                closeTimer = session.after(session.calls().requestTimeout(), this::giveBack);
            }
        });
        return mine;
    }

    private void giveBack() {
        if (state != State.CLOSING || released().isDone()) {
            return;
        }
        closeTimer.cancel();
        state = State.RELEASED;
        made(whyOver, WHY_OVER).complete(LossReason.CLOSED);
        // A copy of a guarded write may still be on its way, even of one that was answered: only a claim that is
        // deleted
        // refuses it, so that it cannot land under the next holder.
        Completion.forward(queue.close(this, !wrote), released());
    }

    /** By the holder, or else whether it was. */
    private CompletableFuture<Boolean> released() {
        CompletableFuture<Boolean> known = released;
        if (known == null) {
            known = new CompletableFuture<>();
            released = known;
        }
        return known;
    }

    // For guarded transactions and recipes, on the serializer

    /** Whether a guarded transaction may start now; it must end by {@link #guardedEnd}. */
    boolean guardedStart() {
        if (state != State.HELD || !session.isAlive()) {
            return false;
        }
        inFlight++;
        wrote = true;
        return true;
    }

    void guardedEnd() {
        inFlight--;
        if (inFlight == 0 && state == State.CLOSING) {
            quiet();
        }
    }

    private void quiet() {
        Runnable next = whenQuiet;
        if (next == null) {
            giveBack();
        } else {
            next.run();
        }
    }

    /**
     * Gives it up for another grant of its queue, without a gap; empty if that cannot be had, and then it stays held. It is
     * not for use meanwhile. Guarded transactions in flight are waited for.
     */
    public CompletableFuture<Optional<EtcdGrant>> exchangeAsync(ClaimSpec other) {
        CompletableFuture<Optional<EtcdGrant>> result = new CompletableFuture<>();
        session.execute(() -> {
            if (state != State.HELD || !session.isAlive()) {
                result.complete(Optional.empty());
                return;
            }
            state = State.CLOSING;
            whenQuiet = () -> Completion.of(queue.exchange(this, other), (got, failure) -> {
                wrote |= isUnknown(failure);
                exchanged(failure == null && got.isPresent(), isUnknown(failure));
                session.callback(() -> Completion.pass(got, failure, result));
            });
            if (inFlight == 0) {
                quiet();
            }
        });
        return result;
    }

    /**
     * The same, waiting for it whatever interrupts come.
     *
     * @throws IllegalArgumentException if the grant is of something else than the other one would be
     */
    public static Optional<EtcdGrant> exchange(Grant grant, ClaimSpec other) {
        if (!(grant instanceof EtcdGrant ours)
                || !ours.spec.name().equals(other.name())
                || ours.spec.mode() == other.mode()) {
            throw new IllegalArgumentException(grant + " is not one that " + other.recipe() + " '" + other.name()
                    + "' can make a " + other.mode() + " grant of");
        }
        return ours.exchangeFor(other);
    }

    private Optional<EtcdGrant> exchangeFor(ClaimSpec other) {
        CompletableFuture<Optional<EtcdGrant>> exchange = exchangeAsync(other);
        Duration timeout = session.calls().requestTimeout().multipliedBy(2);
        try {
            return Await.uninterruptibly(session.timing(), exchange, timeout);
        } catch (CallFailure late) {
            // It goes on without us: whatever comes of it is given back.
            Completion.of(exchange, (got, failure) -> {
                if (failure == null) {
                    got.ifPresentOrElse(EtcdGrant::close, this::close);
                }
            });
            throw unconfirmed(late);
        }
    }

    // For a transfer, on the serializer

    /** The only transfer from now on, until {@link #transferEnded}; false if another one is. */
    boolean transferBegins(Transfer one) {
        if (transfer != null) {
            return false;
        }
        transfer = one;
        return true;
    }

    void transferEnded() {
        transfer = null;
    }

    /**
     * Its last step: gives it to a chosen claim right behind; false if it stays held, that one being gone, or had ended before.
     * Guarded transactions in flight are waited for. Where that fails as unknown, it is given back.
     */
    CompletableFuture<Boolean> passOn(QueuedClaim chosen, List<QueuedClaim> next) {
        if (state != State.HELD || !session.isAlive()) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> passed = new CompletableFuture<>();
        state = State.CLOSING;
        whenQuiet = () -> {
            whenQuiet = () -> {}; // etcd has been asked: what it answers is waited for
            Completion.of(queue.passOn(this, chosen, next), (done, failure) -> {
                boolean over = failure == null && done;
                exchanged(over, isUnknown(failure));
                Completion.pass(over, failure, passed);
                if (over) {
                    made(whyOver, WHY_OVER).complete(LossReason.CLOSED);
                }
            });
        };
        if (inFlight == 0) {
            quiet();
        }
        return passed;
    }

    /** Nobody waits any more for what {@link #passOn} comes to: if it stays held, it is given back. */
    void disown() {
        givenBack = true;
    }

    /** Takes {@link #passOn} back, if etcd has not been asked yet because of guarded transactions in flight. */
    boolean keep() {
        if (state != State.CLOSING || inFlight == 0) {
            return false;
        }
        exchanged(false, false);
        return true;
    }

    private static boolean isUnknown(@Nullable Throwable failure) {
        return failure instanceof OutcomeUnknownException
                || (failure instanceof CompletionException && failure.getCause() instanceof OutcomeUnknownException);
    }

    private void exchanged(boolean forAnother, boolean unknown) {
        whenQuiet = null;
        if (state == State.CLOSING && forAnother) {
            state = State.RELEASED;
            released().complete(true);
        } else if (state == State.CLOSING && (givenBack || unknown)) {
            giveBack(); // somebody asked for that meanwhile, or nobody knows what it is by now
        } else if (state == State.CLOSING) {
            state = State.HELD;
        }
    }

    /** etcd refused a guarded write: find out why. */
    void doubted() {
        if (state == State.HELD) {
            queue.recheck();
        }
    }

    /** What holds in etcd while the grant does. */
    List<Compare> conditions() {
        return conditions.whileHeld(this);
    }

    /** It is no longer held; {@link #tellLost} follows. */
    void lose() {
        if (state == State.HELD || state == State.CLOSING) {
            state = State.LOST;
            closeTimer.cancel();
            released().complete(false);
            onLost.run();
        }
    }

    /**
     * Runs a task on an engine's thread as soon as this is lost, also when it was already: for our own code that cannot
     * wait for a busy executor. One task at most, which must not block, throw, or call user code.
     */
    public void onLost(Runnable task) {
        session.execute(() -> {
            if (state == State.LOST || !session.isOpen()) {
                task.run();
            } else {
                onLost = task;
            }
        });
    }

    /**
     * Completes on an engine's thread with the reason when this was lost, and with CLOSED when it is given back: for our own
     * code, like {@link #onLost}.
     */
    public CompletableFuture<LossReason> whyOver() {
        return made(whyOver, WHY_OVER);
    }

    void tellLost(LossReason reason) {
        if (state == State.LOST) {
            made(whyOver, WHY_OVER).complete(reason);
            if (reason != LossReason.CLOSED) {
                log.warn("{} '{}': lost ({}); token {}", spec.recipe(), spec.name(), reason, token);
            }
            session.callback(() -> made(lost, LOST).complete(reason));
        }
    }

    /** Changes the claim's value: an election's proposal. False if it is no longer held. */
    public boolean rewrite(ByteString value) {
        try {
            return Await.uninterruptibly(
                    session.timing(), rewritten(value), session.calls().requestTimeout());
        } catch (CallFailure late) {
            throw late.toException(spec.recipe(), spec.name());
        }
    }

    /** The same without blocking; completes on the session's executor. */
    public CompletableFuture<Boolean> rewriteAsync(ByteString value) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Completion.of(
                rewritten(value), (ours, failure) -> session.callback(() -> Completion.pass(ours, failure, result)));
        return result;
    }

    private CompletableFuture<Boolean> rewritten(ByteString value) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        session.execute(() -> {
            if (isHeld()) {
                Completion.forward(queue.rewrite(this, value), done);
            } else {
                done.complete(false);
            }
        });
        return done;
    }

    @Override
    public String toString() {
        return spec.recipe() + " '" + spec.name() + "' token " + token + " " + state;
    }
}
