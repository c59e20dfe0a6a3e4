/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.discovery.InstanceSet;
import dev.consort.discovery.ToldInstancer;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Channels that follow what an instancer says, to real servers; without etcd. */
class EtcdNameResolverTest {
    private final List<AutoCloseable> open = new ArrayList<>();
    private final ToldInstancer<Integer> instancer = ToldInstancer.of();
    private final List<String> asked = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();
    private final NameResolverRegistry registry = new NameResolverRegistry();
    private final EtcdNameResolverProvider provider = EtcdNameResolverProvider.<Integer>of(
            service -> {
                asked.add(service);
                if (failures.getAndDecrement() > 0) {
                    throw new IllegalStateException("the connection is closed");
                }
                return instancer;
            },
            EtcdNameResolverTest::address);

    private static InetSocketAddress address(int port) {
        if (port < 0) {
            throw new IllegalArgumentException("no port");
        }
        return InetSocketAddress.createUnresolved(port == 1 ? "no-such-host.invalid" : "localhost", port);
    }

    @BeforeEach
    void register() {
        registry.register(provider);
        failures.set(0);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private WhoServer server(String name) throws IOException {
        WhoServer server = WhoServer.start(name);
        open.add(0, server);
        return server;
    }

    @SuppressWarnings("deprecation") // a registry of the test's own has no other way in
    private ManagedChannel channel(String target) {
        ManagedChannel channel = ManagedChannelBuilder.forTarget(target)
                .nameResolverFactory(provider)
                .defaultLoadBalancingPolicy("round_robin")
                .usePlaintext()
                .build();
        open.add(0, channel::shutdownNow);
        return channel;
    }

    private static Set<String> askedOf(ManagedChannel channel, int times) {
        Set<String> answered = new TreeSet<>();
        for (int i = 0; i < times; i++) {
            answered.add(WhoServer.askWhenReady(channel));
        }
        return answered;
    }

    @Test
    void channel_balancesAndFollowsChanges() throws Exception {
        WhoServer a = server("a");
        WhoServer b = server("b");
        WhoServer c = server("c");
        instancer.tell(a.port(), b.port());
        ManagedChannel channel = channel("etcd:///orders/api");
        await().untilAsserted(() -> assertThat(askedOf(channel, 6)).containsExactly("a", "b"));
        assertThat(asked).containsExactly("orders/api");
        instancer.tell(b.port(), c.port());
        await().untilAsserted(() -> assertThat(askedOf(channel, 6)).containsExactly("b", "c"));
    }

    @Test
    void instancesCannotBeHad_lastKnownStay() throws Exception {
        WhoServer a = server("a");
        instancer.tell(a.port());
        ManagedChannel channel = channel("etcd:///orders");
        assertThat(askedOf(channel, 2)).containsExactly("a");
        instancer.fail("etcd is gone");
        for (int i = 0; i < 20; i++) {
            assertThat(WhoServer.ask(channel)).isEqualTo("a");
        }
    }

    @Test
    void noneKnown_callsFailAndSayWhy_untilThereIsOne() throws Exception {
        WhoServer a = server("a");
        RecipeException why = new RecipeException("Instancer", "orders", "etcd is gone", null);
        instancer.tell(InstanceSet.<Integer>of(List.of()).withError(why));
        ManagedChannel channel = channel("etcd:///orders");
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> WhoServer.ask(channel))
                .withMessageContaining("no instance of service 'orders' is known yet")
                .withMessageContaining("etcd is gone");
        instancer.tell();
        await().untilAsserted(() -> assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> WhoServer.ask(channel))
                .satisfies(none -> assertThat(none.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE)));
        instancer.tell(a.port());
        assertThat(askedOf(channel, 2)).containsExactly("a");
    }

    @Test
    void badAddresses_areLeftOut() throws Exception {
        WhoServer a = server("a");
        instancer.tell(-5, 1, a.port());
        assertThat(askedOf(channel("etcd:///orders"), 3)).containsExactly("a");
    }

    /** gRPC asks again, after a pause of its own. */
    @Test
    void openFails_isTriedAgain() throws Exception {
        WhoServer a = server("a");
        instancer.tell(a.port());
        failures.set(1);
        ManagedChannel channel = channel("etcd:///orders");
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> WhoServer.ask(channel))
                .withMessageContaining("the connection is closed");
        assertThat(askedOf(channel, 2)).containsExactly("a");
        assertThat(asked).containsExactly("orders", "orders");
    }

    @Test
    void shutdown_closesTheInstancer() throws Exception {
        WhoServer a = server("a");
        instancer.tell(a.port());
        ManagedChannel channel = channel("etcd:///orders");
        assertThat(askedOf(channel, 1)).containsExactly("a");
        assertThat(instancer.listeners()).isEqualTo(1);
        channel.shutdownNow();
        await().until(() -> instancer.listeners() == 0);
    }

    @Test
    void badTargets_areRefused() {
        for (String bad : List.of("etcd://orders", "etcd://host:2379/orders", "etcd:///", "etcd:orders")) {
            assertThatIllegalArgumentException()
                    .as(bad)
                    .isThrownBy(() -> channel(bad))
                    .withMessageContaining("etcd:///service");
        }
        assertThat(registry.getProviderForScheme("etcd")).isSameAs(provider);
        assertThat(provider.getDefaultScheme()).isEqualTo("etcd");
    }
}
