/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import dev.consort.core.RecipeException;
import dev.consort.discovery.InstanceSet;
import dev.consort.discovery.Instancer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses of a service's instances, of which nothing else is to be known here. Thread-safe. */
interface ServiceAddresses extends AutoCloseable {
    Logger log = LoggerFactory.getLogger(ServiceAddresses.class);

    /** Those known now, perhaps unresolved, and why they may be out of date. */
    record Known(List<InetSocketAddress> addresses, Optional<RecipeException> error) {}

    /** Tells what is known, now and at each change. */
    void follow(Consumer<Known> listener);

    @Override
    void close();

    /**
     * Of those that an instancer knows.
     *
     * @param wanted the others are left out without a word
     */
    static <I> ServiceAddresses of(
            Instancer<I> instancer,
            Predicate<? super I> wanted,
            Function<? super I, ? extends InetSocketAddress> address) {
        return new ServiceAddresses() {
            @Override
            public void follow(Consumer<Known> listener) {
                var unused = instancer.subscribe(
                        set -> listener.accept(known(set, wanted, address))); // ends with the instancer
            }

            @Override
            public void close() {
                instancer.close();
            }
        };
    }

    private static <I> Known known(
            InstanceSet<I> set, Predicate<? super I> wanted, Function<? super I, ? extends InetSocketAddress> address) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (I instance : set.instances()) {
            try {
                if (wanted.test(instance)) {
                    addresses.add(address.apply(instance));
                }
            } catch (RuntimeException e) {
                log.warn("gRPC: an instance without a usable address is left out: {}", e.toString());
            }
        }
        return new Known(addresses, set.error());
    }
}
