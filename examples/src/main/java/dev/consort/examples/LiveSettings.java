/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.config.ConfigView;
import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/** The settings of a connection pool: defaults, and what an environment has otherwise; changed while the program runs. */
public final class LiveSettings {
    /** What the program works with. */
    public record Pool(int size, Duration timeout) {
        static Pool of(Map<String, String> settings) {
            return new Pool(
                    Integer.parseInt(settings.getOrDefault("pool/size", "10")),
                    Duration.parse(settings.getOrDefault("pool/timeout", "PT5S")));
        }

        void check() {
            if (size < 1 || size > 1000) {
                throw new IllegalArgumentException("pool/size is " + size + ": give 1 to 1000");
            }
        }
    }

    private LiveSettings() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws TimeoutException if etcd does not answer
     */
    public static void main(String... arguments) throws InterruptedException, TimeoutException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            put(connection.client(), "settings/orders/defaults/pool/size", "20");
            try (ConfigView<Pool> settings = ConfigView.of(connection, "settings/orders")
                    .levels("defaults", "env/prod")
                    .map(Pool::of)
                    .validate(Pool::check)
                    .open()) {
                System.out.println(settings.get());

                long revision = put(connection.client(), "settings/orders/env/prod/pool/size", "50");
                settings.awaitRevision(revision, Duration.ofSeconds(5));
                System.out.println(settings.get());

                revision = put(connection.client(), "settings/orders/env/prod/pool/size", "0");
                settings.awaitRevision(revision, Duration.ofSeconds(5));
                System.out.println(settings.get() + ", for "
                        + settings.snapshot().problem().orElseThrow().getMessage());
            }
        }
    }

    private static long put(Client etcd, String key, String value) {
        return etcd.getKVClient()
                .put(ByteSequence.from(key, StandardCharsets.UTF_8), ByteSequence.from(value, StandardCharsets.UTF_8))
                .join()
                .getHeader()
                .getRevision();
    }
}
