/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.LATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Elsewhere a wait can be neither cancelled nor timed out, least of all while the server is silent. */
class F27_WaitsCanBeEndedIT {
    private static final Duration REQUEST_TIMEOUT = Duration.ofMillis(900);
    private static final Duration TTL = Duration.ofSeconds(3);

    /** For what need not be prompt. */
    private static final Duration LONG = Duration.ofSeconds(10);

    /** A process that etcd is silent to, of which there is one for each try. */
    private static final class Cut implements AutoCloseable {
        final FaultProxy proxy = FaultProxy.to(Etcd.process.endpoints().get(0));
        final Connection connection =
                Connection.to(proxy.endpoint()).requestTimeout(REQUEST_TIMEOUT).open();
        final Session session = Session.builder(connection).ttl(TTL).open();
        final OtherThread other = new OtherThread();
        final String name = Etcd.freshName();
        final Mutex mutex = Mutex.create(session, name);

        void silence() throws InterruptedException {
            mutex.acquire().close();
            proxy.stopForwarding();
        }

        /** Nothing that was sent meanwhile leaves anything for longer than it takes to be removed, which is less than the TTL. */
        void assertNothingIsLeft(Times times) throws Exception {
            try (Party party = Party.join()) {
                times.atMost(Duration.ofSeconds(2), () -> {
                    proxy.resumeForwarding();
                    Etcd.awaitClaims(name, 0);
                    assertThat(party.mutex(name).tryAcquire(LONG)).isPresent();
                });
            }
        }

        @Override
        public void close() {
            other.close();
            connection.close();
            proxy.close();
        }
    }

    /** What is done meanwhile. */
    @FunctionalInterface
    private interface Meanwhile {
        void run(Cut cut, Times times) throws Exception;
    }

    private static void whileEtcdIsSilent(Meanwhile meanwhile) throws Exception {
        Times.bestOfThree(times -> {
            try (Cut cut = new Cut()) {
                cut.silence();
                meanwhile.run(cut, times);
                cut.assertNothingIsLeft(times);
            }
        });
    }

    @Test
    void tryAcquireTimed_etcdSilent_isEmptyInTime() throws Exception {
        Duration timeout = Duration.ofMillis(300);
        whileEtcdIsSilent((cut, times) -> times.timeout(
                timeout, () -> assertThat(cut.mutex.tryAcquire(timeout)).isEmpty()));
    }

    @Test
    void tryAcquire_etcdSilent_failsAfterTheRequestTimeoutNamingTheEndpoint() throws Exception {
        whileEtcdIsSilent((cut, times) -> times.atMost(
                REQUEST_TIMEOUT.plus(LATE),
                () -> assertThatExceptionOfType(EtcdUnavailableException.class)
                        .isThrownBy(cut.mutex::tryAcquire)
                        .withMessageContaining(cut.name)
                        .withMessageContaining(cut.proxy.endpoint())));
    }

    @Test
    void acquire_interruptedWhileEtcdIsSilent_throwsAtOnce() throws Exception {
        whileEtcdIsSilent((cut, times) -> {
            var waiting = cut.other.start(
                    () -> assertThatExceptionOfType(InterruptedException.class).isThrownBy(cut.mutex::acquire));
            cut.other.awaitWaiting();
            times.atMost(LATE, () -> {
                cut.other.interrupt();
                OtherThread.result(waiting);
            });
        });
    }

    @Test
    void acquireAsync_cancelledWhileEtcdIsSilent_isCancelledAtOnce() throws Exception {
        Duration timeout = Duration.ofMillis(50);
        whileEtcdIsSilent((cut, times) -> {
            CompletableFuture<Grant> waiting = cut.mutex.acquireAsync();
            assertThat(waiting.cancel(false)).isTrue();
            times.timeout(
                    timeout,
                    () -> assertThat(cut.mutex.acquireAsync().orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS))
                            .failsWithin(LONG)
                            .withThrowableOfType(ExecutionException.class));
        });
    }

    @Test
    void session_closedWhileEtcdIsSilent_endsAllWaits() throws Exception {
        whileEtcdIsSilent((cut, times) -> {
            var waiting = cut.mutex.acquireAsync();
            times.atMost(REQUEST_TIMEOUT.plus(LATE), cut.session::close);
            times.atMost(
                    LATE, () -> assertThat(waiting).failsWithin(LONG).withThrowableOfType(ExecutionException.class));
        });
    }
}
