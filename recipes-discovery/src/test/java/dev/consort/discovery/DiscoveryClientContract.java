/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What go-kit's client does, on any server. */
abstract class DiscoveryClientContract {
    private final Server server = server();
    private final Party party = server.join();
    private final DiscoveryClient client = DiscoveryClient.of(party.connection);
    private final String prefix = "/services/" + Server.freshName() + "/";

    abstract Server server();

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void entries_areTheValuesInTheOrderOfKeys() {
        server.put(prefix + "b", "1");
        server.put(prefix + "a", "2");
        server.put(prefix + "c", "1");
        assertThat(client.getEntries(prefix)).containsExactly("2", "1", "1");
        assertThat(client.getEntries(prefix + "a")).containsExactly("2");
        assertThat(client.getEntries(prefix + "none")).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> client.getEntries(""));
    }

    @Test
    void watch_signalsOnceAndThenAtEachChange() throws Exception {
        server.put(prefix + "a", "1");
        Semaphore signals = new Semaphore(0);
        try (Subscription watch = client.watchPrefix(prefix, signals::release)) {
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            server.put(prefix + "a", "2");
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            server.delete(prefix + "a");
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            assertThat(signals.availablePermits()).isZero();
            assertThat(watch).isNotNull();
        }
    }

    /** Where go-kit's watch ends for good. */
    @Test
    void compactedWhileAway_signalsAgain() throws Exception {
        server.put(prefix + "a", "1");
        Semaphore signals = new Semaphore(0);
        try (Subscription watch = client.watchPrefix(prefix, signals::release)) {
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            party.faults.breakStreams("Watch/Watch");
            server.put(prefix + "a", "2");
            server.compact();
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            assertThat(client.getEntries(prefix)).containsExactly("2");
            server.put(prefix + "a", "3");
            assertThat(signals.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void signalThatThrows_comesAgain() {
        AtomicInteger signals = new AtomicInteger();
        Subscription watch = client.watchPrefix(prefix, () -> {
            signals.incrementAndGet();
            throw new IllegalStateException("meant");
        });
        await().until(() -> signals.get() == 1);
        server.put(prefix + "a", "1");
        await().until(() -> signals.get() == 2);
        watch.close();
        watch.close();
        server.put(prefix + "a", "2");
        assertThat(client.getEntries(prefix)).containsExactly("2");
        assertThat(signals).hasValue(2);
    }

    @Test
    void closedConnection_isSaid() {
        party.connection.close();
        assertThatIllegalStateException().isThrownBy(() -> client.getEntries(prefix));
        assertThatIllegalStateException().isThrownBy(() -> client.watchPrefix(prefix, () -> {}));
    }
}
