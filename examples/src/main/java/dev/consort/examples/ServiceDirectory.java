/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.discovery.InstanceSet;
import dev.consort.discovery.Instancer;
import dev.consort.discovery.Registrar;
import dev.consort.discovery.ServiceInstance;
import dev.consort.discovery.ServiceLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An instance of a service comes, says that it is about to go, and goes, as somebody sees who looks at the service. */
public final class ServiceDirectory {
    private ServiceDirectory() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        ServiceLayout<ServiceInstance> orders = ServiceLayout.json("services", "orders");
        try (Connection connection = Connection.to(endpoints).open();
                Instancer<ServiceInstance> instancer = Instancer.open(connection, orders)) {
            BlockingQueue<InstanceSet<ServiceInstance>> sets = new LinkedBlockingQueue<>();
            instancer.subscribe(sets::add);
            print(sets);
            ServiceInstance web = ServiceInstance.of("orders", "web-1", "10.0.0.1", 8080);
            try (Registrar<ServiceInstance> registrar =
                    Registrar.builder(connection, orders).closeOnShutdown().register(web)) {
                print(sets);
                registrar.update(web.withMetadata(Map.of("draining", "yes")));
                print(sets);
            }
            print(sets);
        }
    }

    private static void print(BlockingQueue<InstanceSet<ServiceInstance>> sets) throws InterruptedException {
        InstanceSet<ServiceInstance> set = sets.poll(20, TimeUnit.SECONDS);
        List<ServiceInstance> instances = set == null ? List.of() : set.instances();
        System.out.println("instances: " + instances.size());
        instances.forEach(each ->
                System.out.println(each.id() + " at " + each.address() + ":" + each.port() + " " + each.metadata()));
    }
}
