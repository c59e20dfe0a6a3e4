/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Go's programs and {@code etcdctl} see what is registered here, byte for byte, and what they register is seen here: what Go wrote
 * was recorded.
 */
class GoInteropIT {
    private static final List<GrpcEndpoint> FROM_GO = List.of(
            GrpcEndpoint.of("127.0.0.1:1000"),
            new GrpcEndpoint("127.0.0.1:2000", "\"zone a \\u0026 \\\"b\\\" \\u003cé\\u003e\""),
            new GrpcEndpoint("127.0.0.1:3000", "{\"Zone\":\"a\",\"weight\":7}"));

    private final Server server = Server.real();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    private static String recorded(String file) throws IOException {
        try (InputStream in = GoInteropIT.class.getResourceAsStream("/recorded/" + file)) {
            return new String(Objects.requireNonNull(in, file).readAllBytes(), UTF_8);
        }
    }

    private static String etcdctl(String... arguments) {
        return Server.process().etcdctl(arguments);
    }

    @Test
    void goKit_etcdctlSeesTheKeyAndTheValue() throws Exception {
        String prefix = "/services/" + name + "/";
        try (Registrar<String> registrar =
                party.registrar(ServiceLayout.goKit(prefix)).register("http://1.2.3.4:8080")) {
            assertThat(etcdctl("get", "--prefix", prefix))
                    .isEqualTo(recorded("go-kit.txt").replace("/services/orders/", prefix));
            assertThat(etcdctl("get", registrar.key(), "-w", "fields")).contains("\"Lease\" : " + registrar.leaseId());
        }
        assertThat(etcdctl("get", "--prefix", prefix)).isEmpty();
    }

    /** What {@code sd/etcdv3}'s client puts: the key and the value as they are, with a lease. */
    @Test
    void goKit_whatGoRegistersIsSeen() throws Exception {
        String prefix = "/services/" + name + "/";
        try (Instancer<String> instancer = party.look(ServiceLayout.goKit(prefix))) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).isEmpty();
            String lease = etcdctl("lease", "grant", "60").split(" ", -1)[1];
            etcdctl("put", "--lease=" + lease, prefix + "any", "http://1.2.3.4:8080");
            assertThat(told.nextGood()).containsExactly("http://1.2.3.4:8080");
            etcdctl("lease", "revoke", lease);
            assertThat(told.nextGood()).isEmpty();
        }
    }

    @Test
    void grpcEndpoints_areAsGoWritesThem() throws Exception {
        ServiceLayout<GrpcEndpoint> layout = ServiceLayout.grpcEndpoints(name);
        try (var a = party.registrar(layout).register(name + "/a", FROM_GO.get(0));
                var b = party.registrar(layout).register(name + "/b", FROM_GO.get(1));
                var c = party.registrar(layout).register(name + "/c", FROM_GO.get(2))) {
            assertThat(List.of(a.key(), b.key(), c.key())).containsExactly(name + "/a", name + "/b", name + "/c");
            assertThat(etcdctl("get", "--prefix", name + "/"))
                    .isEqualTo(recorded("grpc-endpoints.txt").replace("orders/", name + "/"));
        }
    }

    @Test
    void grpcEndpoints_whatGoRegistersIsSeen() throws Exception {
        List<String> lines = recorded("grpc-endpoints.txt").lines().toList();
        for (int i = 0; i < lines.size(); i += 2) {
            server.put(lines.get(i).replace("orders/", name + "/"), lines.get(i + 1));
        }
        try (Instancer<GrpcEndpoint> instancer = party.look(ServiceLayout.grpcEndpoints(name))) {
            assertThat(instancer.current().instances()).isEqualTo(FROM_GO);
            assertThat(instancer.invalid()).isEmpty();
        }
    }
}
