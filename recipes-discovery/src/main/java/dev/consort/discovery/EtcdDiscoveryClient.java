/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.Store;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Immutable. */
record EtcdDiscoveryClient(EtcdConnection connection) implements DiscoveryClient {
    private static final Logger log = LoggerFactory.getLogger(EtcdDiscoveryClient.class);
    private static final String RECIPE = "DiscoveryClient";

    EtcdDiscoveryClient(Connection connection) {
        this(EtcdConnection.of(connection));
    }

    private static String checked(String prefix) {
        if (Objects.requireNonNull(prefix, "prefix").isEmpty()) {
            throw new IllegalArgumentException("prefix is empty: give one such as /services/orders/");
        }
        return prefix;
    }

    @Override
    public List<String> getEntries(String prefix) {
        Store store = Store.of(connection, RECIPE);
        return store.await(store.below(checked(prefix)), prefix).stream()
                .map(entry -> entry.value().toStringUtf8())
                .toList();
    }

    @Override
    public Subscription watchPrefix(String prefix, Runnable signal) {
        Signalling listener = new Signalling(checked(prefix), Objects.requireNonNull(signal, "signal"));
        PrefixView.Subscription view = PrefixView.open(connection, RECIPE, prefix, connection.callbacks(), listener);
        return view::close;
    }

    private record Signalling(String prefix, Runnable signal) implements PrefixView.Listener {
        @Override
        public void onSnapshot(Snapshot snapshot) {
            signal.run();
        }

        @Override
        public void onChanges(long revision, List<Change> changes) {
            signal.run();
        }

        @Override
        public void onFailed(RecipeException why) {
            log.warn("{} '{}': cannot be watched, and is tried again: {}", RECIPE, prefix, why.getMessage());
        }
    }
}
