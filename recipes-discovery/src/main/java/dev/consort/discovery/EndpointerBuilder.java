/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an endpointer is made of. Not thread-safe. */
final class EndpointerBuilder<I, E> implements Endpointer.Builder<I, E> {
    private static final Logger log = LoggerFactory.getLogger(EndpointerBuilder.class);

    final Instancer<I> instancer;
    final EndpointFactory<? super I, ? extends E> factory;
    Consumer<? super E> closer = EndpointerBuilder::closeIfCloseable;
    Function<? super I, ?> identity = EndpointerBuilder::identityOf;
    Optional<Duration> invalidateAfter = Optional.empty();
    LongSupplier nanoTime = System::nanoTime;

    /** What a {@link ServiceInstance} is the same by; the rest, such as its weight, may change while it lives. */
    private record Identity(String service, String id, String address, int port) {
        @Override
        public String toString() {
            return service + "/" + id + " at " + address + (port == 0 ? "" : ":" + port);
        }
    }

    EndpointerBuilder(Instancer<I> instancer, EndpointFactory<? super I, ? extends E> factory) {
        this.instancer = Objects.requireNonNull(instancer, "instancer");
        this.factory = Objects.requireNonNull(factory, "factory");
    }

    private static Object identityOf(Object instance) {
        return instance instanceof ServiceInstance known
                ? new Identity(known.service(), known.id(), known.address(), known.port())
                : instance;
    }

    private static void closeIfCloseable(Object target) {
        if (target instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                log.warn("An endpoint could not be closed", e);
            }
        }
    }

    @Override
    public Endpointer.Builder<I, E> closer(Consumer<? super E> way) {
        closer = Objects.requireNonNull(way, "closer");
        return this;
    }

    @Override
    public Endpointer.Builder<I, E> identity(Function<? super I, ?> of) {
        identity = Objects.requireNonNull(of, "identity");
        return this;
    }

    @Override
    public Endpointer.Builder<I, E> invalidateAfter(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("invalidateAfter is " + timeout + ": give zero or more");
        }
        invalidateAfter = Optional.of(timeout);
        return this;
    }

    /** In place of the system's clock, which is monotonic as this one must be. */
    EndpointerBuilder<I, E> nanoTime(LongSupplier clock) {
        nanoTime = clock;
        return this;
    }

    @Override
    public Endpointer<I, E> build() {
        EndpointCache<I, E> cache = new EndpointCache<>(this);
        cache.follow(instancer);
        return cache;
    }
}
