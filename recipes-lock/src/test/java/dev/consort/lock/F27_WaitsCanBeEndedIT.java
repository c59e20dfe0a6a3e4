/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a wait can be neither cancelled nor timed out, least of all while the server is silent. */
class F27_WaitsCanBeEndedIT {
    private static final Duration REQUEST_TIMEOUT = Duration.ofMillis(900);

    /** For the machine. A wait for another request would be longer. */
    private static final Duration LATE = Duration.ofMillis(800);

    private final FaultProxy proxy = FaultProxy.to(Etcd.process.endpoints().get(0));
    private final Connection connection =
            Connection.to(proxy.endpoint()).requestTimeout(REQUEST_TIMEOUT).open();
    private final Session session =
            Session.builder(connection).ttl(Duration.ofSeconds(3)).open();
    private final OtherThread other = new OtherThread();
    private final String name = Etcd.freshName();
    private final Mutex mutex = Mutex.create(session, name);

    @BeforeEach
    void silenceEtcd() throws InterruptedException {
        mutex.acquire().close();
        proxy.stopForwarding();
    }

    /** Nothing that was sent meanwhile has left anything for longer than it takes to be removed, which is less than the TTL. */
    @AfterEach
    void assertNothingIsLeft() throws InterruptedException {
        proxy.resumeForwarding();
        Etcd.awaitClaims(name, 0);
        try (Party party = Party.join()) {
            assertThat(party.mutex(name).tryAcquire(Duration.ofSeconds(5))).isPresent();
        }
        other.close();
        connection.close();
        proxy.close();
    }

    @Test
    void tryAcquireTimed_etcdSilent_isEmptyInTime() throws InterruptedException {
        Duration timeout = Duration.ofMillis(300);
        List<Duration> times = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            assertThat(mutex.tryAcquire(timeout)).isEmpty();
            times.add(Etcd.since(start));
        }
        assertThat(times).allMatch(time -> time.compareTo(timeout) >= 0);
        assertThat(Collections.min(times)).as("%s", times).isLessThan(timeout.plusMillis(250));
    }

    @Test
    void tryAcquire_etcdSilent_failsAfterTheRequestTimeoutNamingTheEndpoint() {
        long start = System.nanoTime();
        assertThatExceptionOfType(EtcdUnavailableException.class)
                .isThrownBy(mutex::tryAcquire)
                .withMessageContaining(name)
                .withMessageContaining(proxy.endpoint());
        assertThat(Etcd.since(start)).isLessThan(REQUEST_TIMEOUT.plus(LATE));
    }

    @Test
    void acquire_interruptedWhileEtcdIsSilent_throwsAtOnce() {
        var waiting = other.start(
                () -> assertThatExceptionOfType(InterruptedException.class).isThrownBy(mutex::acquire));
        other.awaitWaiting();
        long interrupted = System.nanoTime();
        other.interrupt();
        OtherThread.result(waiting);
        assertThat(Etcd.since(interrupted)).isLessThan(LATE);
    }

    @Test
    void acquireAsync_cancelledWhileEtcdIsSilent_isCancelledAtOnce() {
        CompletableFuture<Grant> waiting = mutex.acquireAsync();
        assertThat(waiting.cancel(false)).isTrue();
        assertThat(mutex.acquireAsync().orTimeout(50, TimeUnit.MILLISECONDS))
                .failsWithin(Duration.ofMillis(50).plus(LATE))
                .withThrowableOfType(ExecutionException.class);
    }

    @Test
    void session_closedWhileEtcdIsSilent_endsAllWaits() {
        var waiting = mutex.acquireAsync();
        long start = System.nanoTime();
        session.close();
        assertThat(Etcd.since(start)).isLessThan(REQUEST_TIMEOUT.plus(LATE));
        assertThat(waiting).failsWithin(LATE).withThrowableOfType(ExecutionException.class);
    }
}
