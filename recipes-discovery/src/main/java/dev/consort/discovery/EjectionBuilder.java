/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** What is ejected, and for how long. Not thread-safe. */
final class EjectionBuilder<I, E> implements EjectingEndpointer.Builder<I, E> {
    final Endpointer<I, E> endpointer;
    int failures = 5;
    Duration first = Duration.ofSeconds(10);
    Duration most = Duration.ofMinutes(5);
    double share = 0.5;
    Predicate<? super Throwable> counts = failure -> true;
    LongSupplier nanoTime = System::nanoTime;

    EjectionBuilder(Endpointer<I, E> endpointer) {
        this.endpointer = Objects.requireNonNull(endpointer, "endpointer");
    }

    @Override
    public EjectingEndpointer.Builder<I, E> after(int number) {
        if (number < 1) {
            throw new IllegalArgumentException("after " + number + " failures: give 1 or more");
        }
        failures = number;
        return this;
    }

    @Override
    public EjectingEndpointer.Builder<I, E> pause(Duration shortest, Duration longest) {
        if (shortest.isZero() || shortest.isNegative() || longest.compareTo(shortest) < 0) {
            throw new IllegalArgumentException("pause is " + shortest + " and up to " + longest
                    + ": give more than zero, and the longer one second");
        }
        first = shortest;
        most = longest;
        return this;
    }

    @Override
    public EjectingEndpointer.Builder<I, E> mostEjected(double of) {
        if (!(of >= 0 && of <= 1)) {
            throw new IllegalArgumentException("mostEjected is " + of + ": give a share from 0 to 1");
        }
        share = of;
        return this;
    }

    @Override
    public EjectingEndpointer.Builder<I, E> counting(Predicate<? super Throwable> those) {
        counts = Objects.requireNonNull(those, "counts");
        return this;
    }

    /** In place of the system's clock, which is monotonic as this one must be. */
    EjectionBuilder<I, E> nanoTime(LongSupplier clock) {
        nanoTime = clock;
        return this;
    }

    @Override
    public EjectingEndpointer<I, E> build() {
        return new Ejection<>(this);
    }
}
