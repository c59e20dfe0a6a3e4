/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** From registration to call, on any server. */
abstract class EndpointerContract {
    private final Server server = server();
    private final Party party = server.join();
    private final Party other = server.join();
    private final String root = Server.freshName();
    private final ServiceLayout<ServiceInstance> layout = ServiceLayout.json(root, "orders");
    private final List<String> closed = new CopyOnWriteArrayList<>();

    abstract Server server();

    @AfterEach
    void leave() {
        party.close();
        other.close();
    }

    private Endpointer<ServiceInstance, String> endpointer(Instancer<ServiceInstance> instancer) {
        return Endpointer.<ServiceInstance, String>of(
                        instancer, instance -> instance.id() + " at " + instance.address())
                .closer(closed::add)
                .build();
    }

    private static ServiceInstance instance(String id) {
        return ServiceInstance.of("orders", id, "10.0.0.1", 80);
    }

    private static List<String> targets(Endpointer<?, String> endpointer) {
        return endpointer.endpoints().stream().map(Endpoint::target).toList();
    }

    @Test
    void endpoints_followRegistrations() throws Exception {
        try (Registrar<ServiceInstance> one = other.registrar(layout).register(instance("1"));
                Instancer<ServiceInstance> instancer = party.look(layout);
                Endpointer<ServiceInstance, String> endpointer = endpointer(instancer)) {
            assertThat(targets(endpointer)).containsExactly("1 at 10.0.0.1");
            Endpoint<ServiceInstance, String> first = endpointer.endpoints().get(0);
            Registrar<ServiceInstance> two = other.registrar(layout).register(instance("2"));
            await().untilAsserted(
                            () -> assertThat(targets(endpointer)).containsExactly("1 at 10.0.0.1", "2 at 10.0.0.1"));
            assertThat(one.update(one.instance().withWeight(5))).isTrue();
            await().until(() -> endpointer.endpoints().get(0).instance().weight() == 5);
            assertThat(endpointer.endpoints().get(0)).isEqualTo(first);
            assertThat(closed).isEmpty();
            two.close();
            await().untilAsserted(() -> assertThat(targets(endpointer)).containsExactly("1 at 10.0.0.1"));
            assertThat(closed).containsExactly("2 at 10.0.0.1");
        }
        assertThat(closed).containsExactly("2 at 10.0.0.1", "1 at 10.0.0.1");
    }

    /** One that has registered under another process' nose is called, and one that has left is not. */
    @Test
    void retry_untilAnInstanceComes() throws Exception {
        try (Instancer<ServiceInstance> instancer = party.look(layout);
                Endpointer<ServiceInstance, String> endpointer = endpointer(instancer)) {
            Retry<String> retry =
                    Retry.withCallback(Duration.ofSeconds(20), Balancer.roundRobin(endpointer), (attempt, none) -> {
                        assertThat(none).isInstanceOf(NoEndpointsException.class);
                        if (attempt == 1) {
                            server.put(layout.key(instance("1")), layout.encode(instance("1")));
                        }
                        await().until(() -> !endpointer.endpoints().isEmpty());
                        return RetryCallback.Decision.tryAgain();
                    });
            assertThat(retry.<String>call(target -> target)).isEqualTo("1 at 10.0.0.1");
        }
    }

    /** By an instance's weight of the moment, as it says itself. */
    @Test
    void weighted_drainedInstance_hasNoMoreCalls() throws InterruptedException, TimeoutException {
        try (Registrar<ServiceInstance> one = other.registrar(layout).register(instance("1"));
                Registrar<ServiceInstance> two = other.registrar(layout).register(instance("2"));
                Instancer<ServiceInstance> instancer = party.look(layout);
                Endpointer<ServiceInstance, String> endpointer = endpointer(instancer)) {
            Balancer<String> balancer = Balancer.weighted(endpointer, ServiceInstance::weight);
            assertThat(List.of(called(balancer), called(balancer)))
                    .containsExactlyInAnyOrder("1 at 10.0.0.1", "2 at 10.0.0.1");
            assertThat(one.update(one.instance().withWeight(0))).isTrue();
            await().until(() -> endpointer.endpoints().get(0).instance().weight() == 0);
            assertThat(List.of(called(balancer), called(balancer), called(balancer)))
                    .containsOnly("2 at 10.0.0.1");
            assertThat(two.key()).isEqualTo(root + "/orders/2");
        }
    }

    private static String called(Balancer<String> balancer) {
        return balancer.call(target -> target);
    }
}
