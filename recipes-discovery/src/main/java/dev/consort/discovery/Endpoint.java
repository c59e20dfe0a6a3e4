/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An instance, what its calls are made by, and how many of them are going on. Two are equal if they have the same target:
 * an instance that tells something else of itself, such as another weight, is the same endpoint. Thread-safe.
 *
 * @param <I> what describes an instance
 * @param <E> what calls are made by
 */
public final class Endpoint<I, E> {
    private final I instance;
    private final Work<E> work;

    /** What stays the same as long as the instance lives. Equal to itself only. */
    private static final class Work<E> {
        final Object identity;
        final E target;
        final AtomicInteger inFlight = new AtomicInteger();

        Work(Object identity, E target) {
            this.identity = Objects.requireNonNull(identity, "identity");
            this.target = Objects.requireNonNull(target, "target");
        }
    }

    private Endpoint(I instance, Work<E> work) {
        this.instance = Objects.requireNonNull(instance, "instance");
        this.work = work;
    }

    /**
     * An endpoint without calls.
     *
     * @param identity what the instance is known by, also in logs
     */
    static <I, E> Endpoint<I, E> of(Object identity, I instance, E target) {
        return new Endpoint<>(instance, new Work<>(identity, target));
    }

    /** The same endpoint, of which the instance tells something else. */
    Endpoint<I, E> toldBy(I changed) {
        return changed.equals(instance) ? this : new Endpoint<>(changed, work);
    }

    /**
     * What describes the instance.
     *
     * @return as it was when this was handed out
     */
    public I instance() {
        return instance;
    }

    /**
     * What calls are made by.
     *
     * @return as the factory made it
     */
    public E target() {
        return work.target;
    }

    /**
     * How many calls have been begun by {@link Balancer}s of this process, and have not ended.
     *
     * @return 0 or more
     */
    public int inFlight() {
        return work.inFlight.get();
    }

    void begin() {
        work.inFlight.incrementAndGet();
    }

    void end() {
        work.inFlight.decrementAndGet();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Endpoint<?, ?> endpoint && endpoint.work == work;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(work);
    }

    /** What the instance is known by. */
    @Override
    public String toString() {
        return work.identity.toString();
    }
}
