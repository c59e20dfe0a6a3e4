/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/**
 * Endpoints without those whose calls fail: after some failures in a row an instance is ejected for a time, and comes back on
 * probation, when its next failure ejects it again, for twice as long as before, and its next success forgives it all. Thread-safe.
 *
 * <p><b>Guarantees.</b> Never more than a share of the instances are ejected, and never all of them. What one process has seen
 * of an instance ejects it in that process only.
 *
 * <p><b>Not guaranteed.</b> That an instance which is not ejected answers. Calls that do not go through a {@link Balancer} are not
 * seen.
 *
 * @param <I> what describes an instance
 * @param <E> what calls are made by
 */
public interface EjectingEndpointer<I, E> extends Endpointer<I, E> {
    /**
     * Ejects from the endpoints of another endpointer; balancers over this one tell it how calls end.
     *
     * @param endpointer closed with this one
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     * @return describes it
     */
    static <I, E> Builder<I, E> of(Endpointer<I, E> endpointer) {
        return new EjectionBuilder<>(endpointer);
    }

    /**
     * Who is ejected now.
     *
     * @return a copy; empty most of the time
     */
    List<Endpoint<I, E>> ejected();

    /**
     * Describes which endpoints are ejected, and for how long. Not thread-safe.
     *
     * @param <I> what describes an instance
     * @param <E> what calls are made by
     */
    interface Builder<I, E> {
        /**
         * After how many failures in a row an instance is ejected; 5 without this.
         *
         * @param failures 1 or more
         * @return this
         * @throws IllegalArgumentException if it is less
         */
        Builder<I, E> after(int failures);

        /**
         * For how long; 10 s and up to 5 min without this.
         *
         * @param first the first time; doubled each time that the instance fails again when it is back
         * @param most no longer than this
         * @return this
         * @throws IllegalArgumentException if first is not positive, or most is less
         */
        Builder<I, E> pause(Duration first, Duration most);

        /**
         * How many may be ejected at a time; half of them without this. The ones beyond stay in use whatever they do.
         *
         * @param share of all instances, rounded down, from 0 to 1; one instance always stays
         * @return this
         * @throws IllegalArgumentException if it is not from 0 to 1
         */
        Builder<I, E> mostEjected(double share);

        /**
         * Which failures count, such as those to connect; all without this.
         *
         * @param counts others count neither as failures nor as successes
         * @return this
         */
        Builder<I, E> counting(Predicate<? super Throwable> counts);

        /**
         * Makes it.
         *
         * @return to be closed
         */
        EjectingEndpointer<I, E> build();
    }
}
