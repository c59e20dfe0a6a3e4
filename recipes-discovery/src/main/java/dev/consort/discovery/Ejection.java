/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts failures of endpoints, and leaves out those that have too many.
 *
 * <p>Concurrency: what is known of endpoints in trouble is written with the lock held; that there is nothing, as most of the time,
 * is seen without it. What is asked for is one volatile {@link Shown},
 * made anew when the endpoints below have changed, somebody is ejected, or is to come back.
 */
final class Ejection<I, E> implements EjectingEndpointer<I, E> {
    private static final Logger log = LoggerFactory.getLogger(Ejection.class);

    private final Endpointer<I, E> endpointer;
    private final int failures;
    private final Duration first;
    private final Duration most;
    private final double share;
    private final Predicate<? super Throwable> counts;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<Endpoint<I, E>, Trouble> troubles = new ConcurrentHashMap<>();

    private volatile Shown<I, E> shown = new Shown<>(List.of(), List.of(), List.of(), 0);

    /** Of an endpoint that has failed, and has not succeeded since. Guarded by the lock. */
    private static final class Trouble {
        int failures;
        int ejections;
        boolean out;
        long until;
    }

    /**
     * What users see.
     *
     * @param all of the endpointer below
     * @param left of them
     * @param ejected of them
     * @param back when the next one of them comes back
     */
    private record Shown<I, E>(
            List<Endpoint<I, E>> all, List<Endpoint<I, E>> left, List<Endpoint<I, E>> ejected, long back) {
        @SuppressWarnings("ReferenceEquality") // the same list as long as nothing changes
        boolean isOf(List<Endpoint<I, E>> endpoints, long now) {
            return all == endpoints && (ejected.isEmpty() || now - back < 0);
        }
    }

    Ejection(EjectionBuilder<I, E> described) {
        this.endpointer = described.endpointer;
        this.failures = described.failures;
        this.first = described.first;
        this.most = described.most;
        this.share = described.share;
        this.counts = described.counts;
        this.nanoTime = described.nanoTime;
    }

    @Override
    public List<Endpoint<I, E>> endpoints() {
        return shown(endpointer.endpoints()).left;
    }

    @Override
    public List<Endpoint<I, E>> ejected() {
        return shown(endpointer.endpoints()).ejected;
    }

    private Shown<I, E> shown(List<Endpoint<I, E>> all) {
        Shown<I, E> now = shown;
        if (now.isOf(all, nanoTime.getAsLong())) {
            return now;
        }
        lock.lock();
        try {
            return show(all);
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held. */
    private Shown<I, E> show(List<Endpoint<I, E>> all) {
        long now = nanoTime.getAsLong();
        troubles.keySet().retainAll(Set.copyOf(all));
        troubles.forEach((endpoint, trouble) -> {
            if (trouble.out && now - trouble.until >= 0) {
                returned(endpoint, trouble);
            }
        });
        // There may be fewer instances than when they were ejected: those that have served most of their time come
        // back.
        List<Map.Entry<Endpoint<I, E>, Trouble>> out = troubles.entrySet().stream()
                .filter(entry -> entry.getValue().out)
                .sorted(Comparator.comparingLong(
                                (Map.Entry<Endpoint<I, E>, Trouble> entry) -> entry.getValue().until - now)
                        .reversed())
                .toList();
        int allowed = allowed(all.size());
        out.stream().skip(allowed).forEach(entry -> returned(entry.getKey(), entry.getValue()));
        Set<Endpoint<I, E>> gone =
                out.stream().limit(allowed).map(Map.Entry::getKey).collect(Collectors.toUnmodifiableSet());
        long back = out.stream()
                .limit(allowed)
                .map(entry -> entry.getValue().until)
                .min(Comparator.comparingLong(until -> until - now))
                .orElse(now);
        Shown<I, E> next = new Shown<>(
                all,
                gone.isEmpty()
                        ? all
                        : all.stream().filter(each -> !gone.contains(each)).toList(),
                gone.isEmpty() ? List.of() : all.stream().filter(gone::contains).toList(),
                back);
        shown = next;
        return next;
    }

    /** On probation: one more failure is enough. */
    private void returned(Endpoint<I, E> endpoint, Trouble trouble) {
        trouble.out = false;
        trouble.failures = failures - 1;
        log.info("{} is back, on probation", endpoint);
    }

    private int allowed(int size) {
        return Math.max(0, Math.min(size - 1, (int) (size * share)));
    }

    @Override
    public void succeeded(Endpoint<I, E> endpoint) {
        endpointer.succeeded(endpoint);
        if (!troubles.containsKey(endpoint)) {
            return;
        }
        lock.lock();
        try {
            Trouble trouble = troubles.get(endpoint);
            if (trouble != null && !trouble.out) { // a late answer is no reason to come back early
                troubles.remove(endpoint);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void failed(Endpoint<I, E> endpoint, Throwable why) {
        endpointer.failed(endpoint, why);
        if (!counts.test(why)) {
            return;
        }
        List<Endpoint<I, E>> all = known();
        lock.lock();
        try {
            if (all == null || !all.contains(endpoint)) {
                return; // it has left
            }
            Trouble trouble = troubles.computeIfAbsent(endpoint, none -> new Trouble());
            if (trouble.out) {
                return; // it was on its way already
            }
            trouble.failures++;
            if (trouble.failures >= failures && show(all).ejected.size() < allowed(all.size())) {
                eject(endpoint, trouble, why);
                var unused = show(all);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable List<Endpoint<I, E>> known() {
        try {
            return endpointer.endpoints();
        } catch (RuntimeException none) {
            return null; // invalid or closed
        }
    }

    private void eject(Endpoint<I, E> endpoint, Trouble trouble, Throwable why) {
        long pause = pause(trouble.ejections);
        trouble.out = true;
        trouble.ejections++;
        trouble.until = nanoTime.getAsLong() + pause;
        log.warn(
                "{} is ejected for {} ms, after {} failures in a row; the last one: {}",
                endpoint,
                Duration.ofNanos(pause).toMillis(),
                failures,
                why.toString());
    }

    private long pause(int before) {
        long pause = first.toNanos();
        for (int i = 0; i < before && pause < most.toNanos(); i++) {
            pause *= 2;
        }
        return Math.min(pause, most.toNanos());
    }

    @Override
    public Optional<RecipeException> error() {
        return endpointer.error();
    }

    @Override
    public void close() {
        endpointer.close();
    }

    @Override
    public String toString() {
        return endpointer + ", " + shown.ejected.size() + " of them ejected";
    }
}
