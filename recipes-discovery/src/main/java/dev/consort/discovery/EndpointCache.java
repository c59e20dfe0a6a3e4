/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.InOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the endpoints of the instances that live.
 *
 * <p>Concurrency: {@link #kept} is confined to {@link #order}, by which the user's code runs too, one task at a time and under no
 * lock, on whatever thread came first. What is asked for is one volatile state.
 */
final class EndpointCache<I, E> implements Endpointer<I, E> {
    private static final Logger log = LoggerFactory.getLogger(EndpointCache.class);

    private final EndpointFactory<? super I, ? extends E> factory;
    private final Consumer<? super E> closer;
    private final Function<? super I, ?> identity;
    private final Optional<Duration> invalidateAfter;
    private final LongSupplier nanoTime;
    private final InOrder order = new InOrder(Runnable::run);
    private Map<Object, Endpoint<I, E>> kept = Map.of();
    private volatile State<I, E> state = new State<>(List.of(), null);
    private volatile boolean closed; // set once
    private volatile @Nullable Subscription subscription;

    /** What users see. */
    private record State<I, E>(
            List<Endpoint<I, E>> endpoints, @Nullable Outage outage) {}

    /** From the first error to the next set without one. */
    private record Outage(RecipeException first, long since) {}

    EndpointCache(EndpointerBuilder<I, E> described) {
        this.factory = described.factory;
        this.closer = described.closer;
        this.identity = described.identity;
        this.invalidateAfter = described.invalidateAfter;
        this.nanoTime = described.nanoTime;
    }

    /** Takes what is known now, so that whoever builds has endpoints at once, and then what is told. */
    void follow(Instancer<I> instancer) {
        update(instancer.current());
        try {
            subscription = instancer.subscribe(this::update);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void update(InstanceSet<I> set) {
        order.execute(() -> take(set));
    }

    // IN ORDER

    private void take(InstanceSet<I> set) {
        if (closed) {
            return;
        }
        Outage before = state.outage;
        Outage now = set.error()
                .map(error -> before == null ? new Outage(error, nanoTime.getAsLong()) : before)
                .orElse(null);
        // An instancer without contact may know less than was known before, and what is invalid stays so.
        if (now == null || !(set.instances().isEmpty() || isOver(now))) {
            keep(set.instances(), now);
        } else {
            state = new State<>(state.endpoints, now);
        }
    }

    private void keep(List<I> instances, @Nullable Outage outage) {
        Map<Object, Endpoint<I, E>> next = new LinkedHashMap<>();
        for (I instance : instances) {
            keep(instance, next);
        }
        List<Endpoint<I, E>> leaving = new ArrayList<>(kept.values());
        leaving.removeAll(Set.copyOf(next.values()));
        kept = next;
        List<Endpoint<I, E>> all = List.copyOf(next.values());
        boolean same = same(all, state.endpoints);
        state = new State<>(same ? state.endpoints : all, outage);
        close(leaving);
    }

    private void keep(I instance, Map<Object, Endpoint<I, E>> next) {
        Object key = identity.apply(instance);
        if (next.containsKey(key)) {
            return;
        }
        Endpoint<I, E> known = kept.get(key);
        try {
            next.put(
                    key, known != null ? known.toldBy(instance) : Endpoint.of(key, instance, factory.create(instance)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            log.warn("Endpointer: interrupted while making the endpoint of {}, which is left out", key, e);
        } catch (Exception | Error e) { // whatever the user's code does, the others are to be there
            log.warn("Endpointer: no endpoint could be made of {}, which is left out: {}", key, e.toString());
            log.debug("Endpointer: what the factory threw", e); // anew at each change, while it is bad
        }
    }

    /** So that the same list is handed out while there is no change. */
    private static <I, E> boolean same(List<Endpoint<I, E>> some, List<Endpoint<I, E>> others) {
        if (some.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < some.size(); i++) {
            Endpoint<I, E> one = some.get(i);
            Endpoint<I, E> other = others.get(i);
            if (!one.equals(other) || !one.instance().equals(other.instance())) { // equal ones may tell something else
                return false;
            }
        }
        return true;
    }

    /** Asked once more: the instances may be known again by now. */
    private void invalidate() {
        Outage outage = state.outage;
        if (outage != null && isOver(outage)) {
            keep(List.of(), outage);
        }
    }

    private void close(Collection<Endpoint<I, E>> endpoints) {
        for (Endpoint<I, E> endpoint : endpoints) {
            try {
                closer.accept(endpoint.target());
            } catch (RuntimeException | Error e) {
                log.warn("Endpointer: the endpoint of {} could not be closed", endpoint, e);
            }
        }
    }

    // BY ANYBODY

    private boolean isOver(Outage outage) {
        return invalidateAfter.isPresent()
                && nanoTime.getAsLong() - outage.since >= invalidateAfter.get().toNanos();
    }

    @Override
    public List<Endpoint<I, E>> endpoints() {
        if (closed) {
            throw new IllegalStateException("the endpointer is closed");
        }
        State<I, E> now = state;
        Outage outage = now.outage;
        if (outage != null && isOver(outage)) {
            if (!now.endpoints.isEmpty()) {
                order.execute(this::invalidate);
            }
            throw outage.first;
        }
        return now.endpoints;
    }

    @Override
    public Optional<RecipeException> error() {
        Outage outage = state.outage;
        return outage == null ? Optional.empty() : Optional.of(outage.first);
    }

    @Override
    public void close() {
        closed = true;
        Subscription following = subscription;
        if (following != null) {
            following.close();
        }
        order.execute(() -> keep(List.of(), null));
    }

    @Override
    public String toString() {
        State<I, E> now = state;
        return "Endpointer of " + now.endpoints.size() + " endpoints"
                + (now.outage == null ? "" : ", " + now.outage.first.getMessage());
    }
}
