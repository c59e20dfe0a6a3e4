/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.discovery.GrpcEndpoint;
import dev.consort.discovery.Instancer;
import dev.consort.discovery.Registrar;
import dev.consort.discovery.ServiceInstance;
import dev.consort.discovery.ServiceLayout;
import dev.consort.testkit.EtcdProcess;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A gRPC service of three instances, registered in a real etcd; one of them is a process that is killed. */
class InstanceKilledIT {
    private static final int CALLERS = 4;
    private static EtcdProcess etcd;
    private static Connection connection;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        connection = Connection.to(etcd.endpoints().get(0))
                .connectTimeout(Duration.ofSeconds(30))
                .open();
    }

    @AfterAll
    static void stop() {
        connection.close();
        etcd.close();
    }

    /** A call, when it began, who has answered, and whether it failed. */
    private record Call(long began, String answered, boolean failed) {}

    /** Callers that call one after the other until they are stopped. */
    private static final class Callers implements AutoCloseable {
        final Queue<Call> calls = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean over = new AtomicBoolean();
        private final ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        private final List<Future<?>> running = new ArrayList<>();

        Callers(ManagedChannel channel) {
            for (int i = 0; i < CALLERS; i++) {
                running.add(threads.submit(() -> {
                    while (!over.get()) {
                        calls.add(call(channel));
                    }
                }));
            }
        }

        private static Call call(ManagedChannel channel) {
            long began = System.nanoTime();
            try {
                return new Call(began, WhoServer.ask(channel), false);
            } catch (StatusRuntimeException e) {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                return new Call(began, "", true);
            }
        }

        List<Call> failed() {
            return calls.stream().filter(Call::failed).toList();
        }

        /** Who answers the next calls, as many as there are after now. */
        Set<String> answering(int number) {
            long now = System.nanoTime();
            await().atMost(Duration.ofSeconds(20)).until(() -> since(now).size() >= number);
            Set<String> names = new TreeSet<>();
            since(now).forEach(call -> names.add(call.answered));
            return names;
        }

        private List<Call> since(long time) {
            return calls.stream().filter(call -> call.began - time > 0).toList();
        }

        @Override
        public void close() {
            over.set(true);
            await().atMost(Duration.ofSeconds(30)).until(() -> running.stream().allMatch(Future::isDone));
            threads.shutdownNow();
            assertThat(running).allSatisfy(each -> assertThat(each.get()).isNull()); // and none has thrown
        }
    }

    private static ManagedChannel channel(String target) {
        return ManagedChannelBuilder.forTarget(target)
                .defaultLoadBalancingPolicy("round_robin")
                .usePlaintext()
                .build();
    }

    @Test
    void instanceKilled_onlyCallsInFlightFail_andChangesAreFollowed() throws Exception {
        String target = "shops/api";
        ServiceLayout<GrpcEndpoint> layout = ServiceLayout.grpcEndpoints(target);
        EtcdNameResolverProvider provider = EtcdNameResolverProvider.ofEndpoints(connection);
        NameResolverRegistry.getDefaultRegistry().register(provider);
        ManagedChannel channel = channel("etcd:///" + target);
        try (WhoServer a = WhoServer.start("a");
                WhoServer b = WhoServer.start("b");
                WhoServer d = WhoServer.start("d");
                Registrar<GrpcEndpoint> ofB = registered(layout, b);
                WhoServer.Other c = WhoServer.Other.start(etcd.endpoints().get(0), target, "c");
                Instancer<GrpcEndpoint> instances = Instancer.open(connection, layout)) {
            Registrar<GrpcEndpoint> ofA = registered(layout, a);
            assertThat(c.said()).startsWith("registered shops/api/127.0.0.1:");
            Set<String> answered = new TreeSet<>();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                answered.add(WhoServer.askWhenReady(channel));
                return answered.equals(Set.of("a", "b", "c"));
            });
            try (Callers callers = new Callers(channel)) {
                assertThat(callers.answering(100)).containsExactly("a", "b", "c");
                assertThat(callers.failed()).isEmpty();

                c.kill();
                long dead = System.nanoTime();
                // Each caller has had at most one call on its way to it.
                assertThat(callers.answering(2000)).isSubsetOf("a", "b", "");
                assertThat(callers.failed()).hasSizeLessThanOrEqualTo(CALLERS);
                int failed = callers.failed().size();

                // etcd notices by its TTL, and nobody else notices that.
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> instances.current().instances().size() == 2);
                try (Registrar<GrpcEndpoint> ofD = registered(layout, d)) {
                    await().atMost(Duration.ofSeconds(20))
                            .until(() -> callers.calls.stream().anyMatch(call -> call.answered.equals("d")));
                    assertThat(callers.answering(100)).containsExactly("a", "b", "d");
                    ofA.close();
                    await().atMost(Duration.ofSeconds(20))
                            .until(() -> callers.answering(100).equals(Set.of("b", "d")));
                    assertThat(ofD.key()).isNotEqualTo(ofB.key());
                }
                assertThat(callers.failed()).hasSize(failed);
                System.out.println(
                        "calls: " + callers.calls.size() + ", of them failed: " + failed + ", the last one begun "
                                + callers.failed().stream()
                                        .mapToLong(call -> (call.began - dead) / 1000)
                                        .max()
                                        .orElse(0)
                                + " microseconds after the end of the instance");
            }
        } finally {
            channel.shutdownNow();
            NameResolverRegistry.getDefaultRegistry().deregister(provider);
        }
    }

    private static Registrar<GrpcEndpoint> registered(ServiceLayout<GrpcEndpoint> layout, WhoServer server)
            throws InterruptedException {
        return Registrar.builder(connection, layout).register(GrpcEndpoint.of("127.0.0.1:" + server.port()));
    }

    /** Our own layout; one that is draining has no weight, and is left out before it leaves. */
    @Test
    void ownLayout_isFollowedToo() throws Exception {
        ServiceLayout<ServiceInstance> layout = ServiceLayout.json("services", "orders");
        EtcdNameResolverProvider provider = EtcdNameResolverProvider.ofServices(connection, "services");
        NameResolverRegistry.getDefaultRegistry().register(provider);
        ManagedChannel channel = channel("etcd:///orders");
        try (WhoServer a = WhoServer.start("a");
                WhoServer b = WhoServer.start("b");
                Registrar<ServiceInstance> ofA = Registrar.builder(connection, layout)
                        .register(ServiceInstance.of("orders", "a", "127.0.0.1", a.port()));
                Registrar<ServiceInstance> ofB = Registrar.builder(connection, layout)
                        .register(ServiceInstance.of("orders", "b", "localhost", b.port()))) {
            assertThat(WhoServer.askWhenReady(channel)).isIn("a", "b");
            try (Callers callers = new Callers(channel)) {
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> callers.answering(50).equals(Set.of("a", "b")));
                assertThat(ofA.update(ofA.instance().withWeight(0))).isTrue();
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> callers.answering(50).equals(Set.of("b")));
                assertThat(callers.failed()).isEmpty();
                assertThat(ofB.state()).isEqualTo(Registrar.State.REGISTERED);
            }
        } finally {
            channel.shutdownNow();
            NameResolverRegistry.getDefaultRegistry().deregister(provider);
        }
    }
}
