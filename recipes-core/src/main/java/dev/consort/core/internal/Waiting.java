/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.OutcomeUnknownException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The ways to wait at a {@link Place}, the same for every recipe. A wait that ends early is given up first, and then
 * looked at again: whether it passed meanwhile is not for this process to decide.
 *
 * <p>Thread-safe.
 *
 * @param <S> what is looked at
 */
public final class Waiting<S> {
    /** How much longer than asked for a wait may take to learn whether it passed. */
    static final Duration VERDICT = Duration.ofMillis(200);

    private final Place<S> at;
    private final Timing timing;

    /** Waits at a place. */
    public Waiting(Place<S> at) {
        this.at = at;
        this.timing = at.connection().timing();
    }

    /** Waits until it passes. */
    public <T> T await(Wait<S, T> wait) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        at.join(wait);
        try {
            return wait.result.get().orElseThrow();
        } catch (InterruptedException e) {
            return interrupted(wait, e);
        } catch (ExecutionException e) {
            throw Await.unwrapped(e);
        }
    }

    /** Waits until it passes or the timeout; zero or less takes what can be had without waiting for others. */
    public <T> Optional<T> await(Wait<S, T> wait, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        at.join(wait);
        try {
            if (timeout.isNegative() || timeout.isZero()) {
                awaitAnswer(wait);
                return withdrawn(wait);
            }
            return timing.await(wait.result, bounded(timeout));
        } catch (TimeoutException e) {
            return withdrawn(wait);
        } catch (InterruptedException e) {
            return Optional.of(interrupted(wait, e));
        } catch (ExecutionException e) {
            throw Await.unwrapped(e);
        }
    }

    private static Duration bounded(Duration timeout) {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        return timeout.compareTo(longest) > 0 ? longest : timeout;
    }

    /** Until it is known whether it must wait, for as long as etcd may take to answer. */
    private void awaitAnswer(Wait<S, ?> wait) throws InterruptedException, ExecutionException {
        Duration requestTimeout = at.connection().calls().requestTimeout();
        try {
            Object unused = timing.await(
                    CompletableFuture.anyOf(wait.result.handle((told, failure) -> true), wait.waits), requestTimeout);
        } catch (TimeoutException e) {
            throw unavailable(wait, requestTimeout);
        }
    }

    private <T> RuntimeException unavailable(Wait<S, T> wait, Duration tried) {
        at.giveUp(wait);
        disown(wait);
        return new EtcdUnavailableException(
                at.recipe(), at.name(), at.connection().endpoints(), tried, null);
    }

    /** Waits without blocking. However the future is completed by somebody else, the wait is given up. */
    public <T> CompletableFuture<T> awaitAsync(Wait<S, T> wait) {
        return awaitAsync(wait, CompletableFuture::completedFuture);
    }

    /** The same, with what follows from it, which may run user code. */
    public <T, R> CompletableFuture<R> awaitAsync(Wait<S, T> wait, Function<T, CompletableFuture<R>> then) {
        at.join(wait);
        CompletableFuture<R> result = new CompletableFuture<>();
        Completion.of(
                wait.result,
                (told, failure) -> at.callback(() -> {
                    if (failure != null) {
                        result.completeExceptionally(failure);
                    } else if (told.isPresent()) {
                        follow(wait, told.get(), then, result);
                    }
                }));
        Completion.of(result, (value, failure) -> {
            at.giveUp(wait);
            at.abandon(wait);
        });
        return result;
    }

    private static <S, T, R> void follow(
            Wait<S, T> wait, T told, Function<T, CompletableFuture<R>> then, CompletableFuture<R> result) {
        if (result.isDone()) {
            wait.unwanted(told);
            return;
        }
        Completion.of(then.apply(told), (value, failure) -> {
            boolean wanted = failure == null ? result.complete(value) : result.completeExceptionally(failure);
            if (!wanted) {
                wait.unwanted(told);
            }
        });
    }

    /** Waits for what is only between this process and etcd: bounded by the request timeout, keeps the interrupt flag. */
    public <T> T answer(Wait<S, T> wait) {
        at.join(wait);
        Duration requestTimeout = at.connection().calls().requestTimeout();
        try {
            return Await.uninterruptibly(timing, wait.result, requestTimeout).orElseThrow();
        } catch (CallFailure late) {
            throw new OutcomeUnknownException(
                    at.recipe(),
                    at.name(),
                    "etcd has not confirmed it (" + late.getMessage() + "); it may be applied yet",
                    late);
        }
    }

    /** Waits for what is worth a moment only, whatever comes of it. */
    public void briefly(Wait<S, ?> wait) {
        at.join(wait);
        try {
            Object unused = Await.uninterruptibly(timing, wait.result, timing.verdict());
        } catch (RuntimeException notNow) {
            at.giveUp(wait);
        }
    }

    private <T> T interrupted(Wait<S, T> wait, InterruptedException e) throws InterruptedException {
        Optional<T> told;
        try {
            told = verdict(wait);
        } catch (CallFailure late) {
            throw e;
        } catch (RuntimeException failed) {
            Thread.currentThread().interrupt();
            throw failed;
        }
        if (told.isEmpty()) {
            throw e;
        }
        Thread.currentThread().interrupt();
        return told.get();
    }

    private <T> Optional<T> withdrawn(Wait<S, T> wait) {
        try {
            return verdict(wait);
        } catch (CallFailure late) {
            throw new OutcomeUnknownException(
                    at.recipe(),
                    at.name(),
                    "its time is over, and etcd does not say whether it passed (" + late.getMessage() + ")",
                    late);
        }
    }

    private <T> Optional<T> verdict(Wait<S, T> wait) {
        at.giveUp(wait);
        try {
            return Await.uninterruptibly(timing, wait.result, timing.verdict());
        } catch (CallFailure late) {
            if (wait.result.isDone()) {
                return Await.uninterruptibly(timing, wait.result, timing.verdict());
            }
            // (!) Once it is disowned its end says nothing: it may have ended for that reason only, and is taken back.
            disown(wait);
            throw late;
        }
    }

    private <T> void disown(Wait<S, T> wait) {
        at.abandon(wait);
        Completion.of(wait.result, (told, failure) -> {
            if (failure == null) {
                told.ifPresent(wait::unwanted);
            }
        });
    }
}
