/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Acquirable;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Grant;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The ways to wait for a grant, the same for every recipe. A wait that ends early removes its waiter and then looks
 * whether it was granted meanwhile, so that no grant is lost between the two.
 *
 * <p>Thread-safe.
 *
 * @param <G> what the recipe calls its grant
 */
public final class Acquirer<G extends Grant> {
    private final EtcdSession session;
    private final Function<EtcdGrant, G> wrap;

    /** Grants of a session, as the recipe's type. */
    public Acquirer(EtcdSession session, Function<EtcdGrant, G> wrap) {
        this.session = session;
        this.wrap = wrap;
    }

    /** Waits until granted. */
    public G acquire(ClaimSpec spec) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Waiter waiter = enqueue(spec, false);
        try {
            return wrap.apply(waiter.result.get().orElseThrow());
        } catch (InterruptedException e) {
            return interrupted(waiter, e).orElseThrow(() -> e);
        } catch (ExecutionException e) {
            throw Await.unwrapped(e);
        }
    }

    /** Waits until granted, whatever interrupts come. */
    public G acquireUninterruptibly(ClaimSpec spec) {
        Waiter waiter = enqueue(spec, false);
        return settled(waiter).orElseThrow();
    }

    /** Takes what is free now. */
    public Optional<G> tryAcquire(ClaimSpec spec) {
        Waiter waiter = enqueue(spec, true);
        Duration timeout = session.calls().requestTimeout();
        try {
            return Await.uninterruptibly(session.timing(), waiter.result, timeout)
                    .map(wrap);
        } catch (CallFailure late) {
            Optional<G> granted = withdraw(waiter);
            if (granted.isPresent()) {
                return granted;
            }
            throw new EtcdUnavailableException(
                    spec.recipe(), spec.name(), session.connection().endpoints(), timeout, null);
        }
    }

    /** Waits until granted or the timeout. */
    public Optional<G> tryAcquire(ClaimSpec spec, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (timeout.isNegative() || timeout.isZero()) {
            return tryAcquire(spec);
        }
        Waiter waiter = enqueue(spec, false);
        try {
            return session.timing().await(waiter.result, bounded(timeout)).map(wrap);
        } catch (TimeoutException e) {
            return withdraw(waiter);
        } catch (InterruptedException e) {
            return Optional.of(interrupted(waiter, e).orElseThrow(() -> e));
        } catch (ExecutionException e) {
            throw Await.unwrapped(e);
        }
    }

    private static Duration bounded(Duration timeout) {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        return timeout.compareTo(longest) > 0 ? longest : timeout;
    }

    /** Acquires without blocking. */
    public CompletableFuture<G> acquireAsync(ClaimSpec spec) {
        Waiter waiter = enqueue(spec, false);
        CompletableFuture<G> result = new CompletableFuture<>();
        Completion.of(
                waiter.result,
                (granted, failure) -> session.callback(() -> {
                    if (failure != null) {
                        result.completeExceptionally(failure);
                    } else if (granted.isPresent() && !result.complete(wrap.apply(granted.get()))) {
                        release(granted.get());
                    }
                }));
        // Whoever else completed the future has given the claim up.
        Completion.of(result, (grant, failure) -> session.withdraw(waiter));
        return result;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody is left to be told
    private static void release(EtcdGrant unwanted) {
        unwanted.releaseAsync();
    }

    /** Runs an action while granted. */
    public <X extends Exception> boolean tryRun(
            ClaimSpec spec, Duration timeout, Acquirable.Action<? super G, X> action) throws InterruptedException, X {
        Objects.requireNonNull(action, "action");
        Optional<G> granted = tryAcquire(spec, timeout);
        if (granted.isEmpty()) {
            return false;
        }
        try (G grant = granted.get()) {
            action.run(grant);
        }
        return true;
    }

    private Waiter enqueue(ClaimSpec spec, boolean immediate) {
        Objects.requireNonNull(spec, "spec");
        Waiter waiter = new Waiter(spec, immediate);
        session.enqueue(waiter);
        return waiter;
    }

    private Optional<G> interrupted(Waiter waiter, InterruptedException e) throws InterruptedException {
        Optional<G> granted = withdraw(waiter);
        if (granted.isEmpty()) {
            throw e;
        }
        Thread.currentThread().interrupt();
        return granted;
    }

    private Optional<G> withdraw(Waiter waiter) {
        session.withdraw(waiter);
        return settled(waiter);
    }

    private Optional<G> settled(Waiter waiter) {
        try {
            return waiter.result.join().map(wrap);
        } catch (CompletionException e) {
            throw Await.unwrapped(e);
        }
    }
}
