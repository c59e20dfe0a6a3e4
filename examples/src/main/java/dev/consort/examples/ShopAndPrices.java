/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.consort.core.Connection;
import dev.consort.discovery.Balancer;
import dev.consort.discovery.EjectingEndpointer;
import dev.consort.discovery.Endpointer;
import dev.consort.discovery.Instancer;
import dev.consort.discovery.Registrar;
import dev.consort.discovery.Retry;
import dev.consort.discovery.RetryException;
import dev.consort.discovery.ServiceInstance;
import dev.consort.discovery.ServiceLayout;
import dev.consort.discovery.Subscription;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Two services: a shop, and prices, of which there are several instances. The shop finds them in etcd, calls one after the other,
 * and its customers do not notice when one of them breaks down.
 */
public final class ShopAndPrices {
    private static final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private ShopAndPrices() {}

    /** What answers to a GET of anything. */
    private interface Page {
        String get() throws IOException, InterruptedException;
    }

    /** An instance of a service: an HTTP server that is registered as long as it runs. */
    private static final class Instance implements AutoCloseable {
        private final HttpServer server;
        private final Registrar<ServiceInstance> registrar;

        Instance(Connection connection, String service, String id, Page page) throws IOException, InterruptedException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> answer(exchange, page));
            server.start();
            int port = server.getAddress().getPort();
            registrar = Registrar.builder(connection, layout(service))
                    .register(ServiceInstance.of(service, id, "127.0.0.1", port));
        }

        String key() {
            return registrar.key();
        }

        /** Like a process that dies: nobody deregisters it, and etcd goes on for a TTL to say that it is there. */
        void breakDown() {
            server.stop(0);
        }

        @Override
        public void close() {
            registrar.close();
            server.stop(0);
        }
    }

    /** Calls a service, whatever instances it has. */
    private static final class Caller implements AutoCloseable {
        private final Instancer<ServiceInstance> instancer;
        private final EjectingEndpointer<ServiceInstance, URI> endpointer;
        private final Retry<URI> retry;

        Caller(Connection connection, String service) {
            instancer = Instancer.open(connection, layout(service));
            endpointer = EjectingEndpointer.of(Endpointer.<ServiceInstance, URI>of(instancer, Caller::uri)
                            .build())
                    .after(1)
                    .build();
            retry = Retry.of(3, Duration.ofSeconds(5), Balancer.roundRobin(endpointer));
        }

        private static URI uri(ServiceInstance instance) {
            return URI.create("http://" + instance.address() + ":" + instance.port() + "/");
        }

        String get() throws IOException, InterruptedException {
            try {
                return retry.call(Caller::get);
            } catch (RetryException | TimeoutException e) {
                throw new IOException("no answer: " + e.getMessage(), e);
            }
        }

        private static String get(URI uri) throws IOException, InterruptedException {
            HttpRequest request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(4)).build();
            HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException("status " + answer.statusCode());
            }
            return answer.body();
        }

        @Override
        public void close() {
            endpointer.close();
            instancer.close();
        }
    }

    private static ServiceLayout<ServiceInstance> layout(String service) {
        return ServiceLayout.json("services", service);
    }

    private static void answer(HttpExchange exchange, Page page) throws IOException {
        try (exchange) {
            byte[] body = page.get().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.sendResponseHeaders(503, -1);
        }
    }

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws IOException if a service cannot be called
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws IOException, InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open();
                Instance second = new Instance(connection, "prices", "prices-2", () -> "3 pounds, says prices-2");
                Caller prices = new Caller(connection, "prices");
                Instance shop = new Instance(connection, "shop", "shop-1", () -> "an apple costs " + prices.get());
                Caller customer = new Caller(connection, "shop")) {
            Instance first = new Instance(connection, "prices", "prices-1", () -> "3 pounds, says prices-1");
            awaitInstances(prices.instancer, 2);
            System.out.println("registered: " + first.key() + ", " + second.key() + ", " + shop.key());
            ask(customer, 3);
            second.breakDown();
            System.out.println("prices-2 breaks down");
            ask(customer, 3);
            System.out.println("left out: " + prices.endpointer.ejected());
            try (Instance third = new Instance(connection, "prices", "prices-3", () -> "3 pounds, says prices-3")) {
                awaitInstances(prices.instancer, 3);
                first.close();
                awaitInstances(prices.instancer, 2);
                System.out.println(third.key() + " has come, " + first.key() + " has gone");
                ask(customer, 2);
            }
        }
    }

    private static void ask(Caller customer, int times) throws IOException, InterruptedException {
        for (int i = 0; i < times; i++) {
            System.out.println(customer.get());
        }
    }

    private static void awaitInstances(Instancer<ServiceInstance> instancer, int number) throws InterruptedException {
        CountDownLatch there = new CountDownLatch(1);
        Subscription subscription = instancer.subscribe(set -> {
            if (set.instances().size() == number) {
                there.countDown();
            }
        });
        try {
            there.await(20, TimeUnit.SECONDS);
        } finally {
            subscription.close();
        }
    }
}
