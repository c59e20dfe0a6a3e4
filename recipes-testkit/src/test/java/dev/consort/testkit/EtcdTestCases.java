/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedFaults.Disruption;
import dev.consort.testkit.EtcdTest.Endpoints;
import dev.consort.testkit.EtcdTest.Leftover;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test classes to be run by tests. Some do what nobody should. */
final class EtcdTestCases {
    private EtcdTestCases() {}

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    static <T> T now(CompletableFuture<T> answer) {
        return answer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    static void put(Client client, String key) {
        var unused = now(client.getKVClient().put(bytes(key), bytes("value")));
    }

    static void delete(Client client, String key) {
        var unused = now(client.getKVClient().delete(bytes(key)));
    }

    static long count(Client client, String key) {
        return now(client.getKVClient().get(bytes(key))).getCount();
    }

    static long lease(Client client) {
        return now(client.getLeaseClient().grant(60)).getID();
    }

    private static final Queue<CountDownLatch> ENDS = new ConcurrentLinkedQueue<>();

    private static CountDownLatch threadsEnd() {
        CountDownLatch end = new CountDownLatch(1);
        ENDS.add(end);
        return end;
    }

    /** Ends the threads that nobody else will. */
    static void endThreads() {
        ENDS.forEach(CountDownLatch::countDown);
    }

    static void startThread(String name, CountDownLatch end) {
        Thread thread = new Thread(
                () -> {
                    try {
                        var unused = end.await(20, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Each parameter in each place; whatever is made is also removed. */
    @EtcdTest
    static class Injected {
        static Client ofClass;
        final Client ofConstructor;

        @AutoClose
        final Client own;

        Injected(Client client, @Endpoints String[] endpoints) {
            ofConstructor = client;
            own = Client.builder().endpoints(endpoints).build();
            put(own, "constructor");
        }

        @BeforeAll
        static void beforeAll(Client client) {
            ofClass = client;
            put(client, "class");
        }

        @AfterAll
        static void afterAll(Client client) {
            assertThat(client).isSameAs(ofClass);
            delete(client, "class");
        }

        @BeforeEach
        void beforeEach(Client client) {
            assertThat(client).isSameAs(ofConstructor).isNotSameAs(ofClass);
            put(client, "each");
        }

        @AfterEach
        void afterEach(Client client) {
            assertThat(client).isSameAs(ofConstructor);
            delete(client, "each");
            delete(client, "constructor");
        }

        @Test
        void server_isReachable(EtcdServer server, @Endpoints List<String> endpoints, Client client) {
            assertThat(server.endpoints()).isEqualTo(endpoints).isNotEmpty();
            assertThat(count(client, "class") + count(client, "each") + count(client, "constructor"))
                    .isEqualTo(3);
        }

        @Test
        void client_isDisturbedAndCounted(Client client, CallFaults faults, CallLog log) {
            long before = log.counts().unaryCalls("KV/Range");
            var delayed = faults.delayNext(CallMatcher.method("KV/Range"), java.time.Duration.ofMillis(1));
            assertThat(count(client, "nothing")).isZero();
            now(delayed.hit());
            assertThat(log.counts().unaryCalls("KV/Range")).isGreaterThan(before);
        }

        @ParameterizedTest
        @ValueSource(strings = {"a", "b"})
        void parameterized(String value, Client client) {
            put(client, value);
            delete(client, value);
        }

        /** Everything goes away, but only after the test. */
        @Test
        void lateRelease_isWaitedFor(Client client) {
            long lease = lease(client);
            var key = PutOption.builder().withLeaseId(lease).build();
            now(client.getKVClient().put(bytes("leased"), bytes(""), key));
            Watch.Watcher watcher = client.getWatchClient().watch(bytes("leased"), response -> {});
            CountDownLatch end = new CountDownLatch(1);
            startThread("short", end);
            CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS).execute(() -> {
                watcher.close();
                end.countDown();
                var unused = client.getLeaseClient().revoke(lease);
            });
        }

        @Nested
        class Inner {
            @Test
            void inner_hasTheSameServer(Client client) {
                assertThat(count(client, "class")).isEqualTo(1);
            }
        }
    }

    /** One of each. */
    @EtcdTest
    static class Leaking {
        @Test
        void key(Client client) {
            put(client, "orders/count");
            put(client, "\u0000\u0001");
        }

        @Test
        void lease(Client client) {
            long lease = EtcdTestCases.lease(client);
            var leased = PutOption.builder().withLeaseId(lease).build();
            now(client.getKVClient().put(bytes("orders/lock"), bytes(Long.toHexString(lease)), leased));
        }

        @Test
        void watch(Client client) {
            CompletableFuture<Void> created = new CompletableFuture<>();
            var unused = client.getWatchClient()
                    .watch(
                            bytes("orders/"),
                            WatchOption.builder()
                                    .isPrefix(true)
                                    .withCreateNotify(true)
                                    .build(),
                            response -> created.complete(null));
            now(created);
        }

        @Test
        void thread() {
            startThread("reaper-of-orders", threadsEnd());
        }

        @Test
        void client(@Endpoints String[] endpoints) {
            Client own = Client.builder().endpoints(endpoints).build();
            assertThat(count(own, "nothing")).isZero();
            put(own, "of a client");
        }

        @Test
        void failing(Client client) {
            put(client, "half done");
            throw new IllegalStateException("the test's own");
        }

        @Test
        void interrupted(Client client) {
            put(client, "interrupted");
            Thread.currentThread().interrupt();
        }

        @Test
        void clean(Client client) {
            put(client, "clean");
            delete(client, "clean");
        }
    }

    /** What earlier tests left is not there for later ones. */
    @EtcdTest
    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class OneAfterTheOther {
        @Test
        @Order(1)
        void first(Client client) {
            put(client, "name");
        }

        @Test
        @Order(2)
        void second(Client client) {
            assertThat(count(client, "name")).isZero();
        }

        @Test
        @Order(3)
        @SuppressWarnings("MustBeClosed")
        void faultsLeftOn(EmbeddedFaults faults, CallFaults calls) {
            Disruption unused = faults.unreachable(0);
            var unusedCalls = faults.every(CallMatcher.any()).loseRequest();
            var unusedToo = calls.every(CallMatcher.any()).loseRequest();
        }

        @Test
        @Order(4)
        void fourth(Client client) {
            assertThat(count(client, "name")).isZero();
        }
    }

    @EtcdTest(
            mayLeave = {Leftover.KEYS, Leftover.LEASES, Leftover.WATCHES},
            sharedThreads = "pool-of-the-company")
    static class Allowed {
        @Test
        void everything(Client client) {
            put(client, "name");
            lease(client);
            var unused = client.getWatchClient().watch(bytes("name"), response -> {});
            startThread("pool-of-the-company-1", threadsEnd());
        }

        @Test
        void everythingAgain(Client client) {
            assertThat(count(client, "name")).isZero();
            everything(client);
        }
    }

    @EtcdTest
    static class LeakingAsAClass {
        @BeforeAll
        static void leave(Client client) {
            put(client, "schema");
            startThread("of-the-class", threadsEnd());
        }

        @Test
        void test_isNotToBlame(Client client) {
            assertThat(count(client, "schema")).isEqualTo(1);
        }
    }

    @EtcdTest(members = 2)
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class OneInstance {
        final EtcdServer server;
        final Client client;

        OneInstance(EtcdServer server, Client client) {
            this.server = server;
            this.client = client;
            put(client, "one");
        }

        @AfterAll
        void remove() {
            delete(client, "one");
        }

        @Test
        void first() {
            assertThat(server.endpoints()).hasSize(2);
            assertThat(count(client, "one")).isEqualTo(1);
        }

        @Test
        void second(Client other) {
            assertThat(other).isNotSameAs(client);
            assertThat(count(other, "one")).isEqualTo(1);
        }

        @Nested
        @EtcdTest
        class WithItsOwn {
            @Test
            void inner(EtcdServer own, Client other) {
                assertThat(own).isNotSameAs(server);
                assertThat(count(other, "one")).isZero();
            }
        }
    }

    /** Two tests that can only pass together. */
    @EtcdTest
    @Execution(ExecutionMode.CONCURRENT)
    static class AtTheSameTime {
        static final CyclicBarrier TOGETHER = new CyclicBarrier(2);

        @Test
        void one(Client client) throws Exception {
            put(client, "one");
            TOGETHER.await(10, TimeUnit.SECONDS);
            delete(client, "one");
            TOGETHER.await(10, TimeUnit.SECONDS);
        }

        @Test
        void two(Client client) throws Exception {
            TOGETHER.await(10, TimeUnit.SECONDS);
            put(client, "two");
            TOGETHER.await(10, TimeUnit.SECONDS);
        }
    }

    @EtcdTest(virtualClock = true)
    static class TimeStandsStill {
        @Test
        void lease_livesUntilTheClockIsMoved(Client client, EmbeddedEtcd etcd) {
            long lease = lease(client);
            etcd.advance(java.time.Duration.ofSeconds(59));
            assertThat(etcd.leases()).containsExactly(lease);
            etcd.advance(java.time.Duration.ofSeconds(2));
            assertThat(etcd.leases()).isEmpty();
        }
    }

    @EtcdTest(server = EtcdTest.Server.CONTAINER)
    static class InAContainer {
        @Test
        void test(Client client, EtcdContainer etcd) {
            assertThat(count(client, "nothing")).isZero();
        }
    }

    @EtcdTest(endpoints = "https://127.0.0.1:1")
    static class Secured {
        @Test
        void test() {}
    }

    @EtcdTest(server = EtcdTest.Server.PROCESS)
    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class OnAProcess {
        @Test
        @Order(1)
        void first(EtcdProcess etcd, Client client) {
            put(client, "name");
            put(client, "name");
            assertThat(etcd.etcdctl("get", "name")).contains("value");
        }

        @Test
        @Order(2)
        void second(Client client) {
            assertThat(count(client, "name")).isZero();
        }

        @Test
        @Order(3)
        void embeddedOnly(EmbeddedEtcd etcd) {}

        @Test
        @Order(4)
        void killing(EtcdProcess etcd) {
            etcd.member(0).kill();
        }
    }

    @EtcdTest
    static class Stopping {
        @Test
        void stops(EtcdServer server) {
            server.close();
        }
    }
}
