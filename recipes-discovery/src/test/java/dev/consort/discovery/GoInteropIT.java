/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Go's programs and {@code etcdctl} see what is registered here, byte for byte, and what they register is seen here. */
class GoInteropIT {
    private final Server server = Server.real();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    private static String etcdctl(String... arguments) {
        return Server.process().etcdctl(arguments);
    }

    @Test
    void goKit_etcdctlSeesTheKeyAndTheValue() throws Exception {
        String prefix = "/services/" + name + "/";
        try (Registrar<String> registrar =
                party.registrar(ServiceLayout.goKit(prefix)).register("http://1.2.3.4:8080")) {
            assertThat(etcdctl("get", "--prefix", prefix)).isEqualTo(prefix + "1.2.3.4:8080\nhttp://1.2.3.4:8080\n");
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
        try (Registrar<GrpcEndpoint> registrar = party.registrar(layout).register(GrpcEndpoint.of("127.0.0.1:2000"));
                Instancer<GrpcEndpoint> instancer = party.look(layout)) {
            assertThat(etcdctl("get", "--prefix", name + "/"))
                    .isEqualTo(name + "/127.0.0.1:2000\n{\"Op\":0,\"Addr\":\"127.0.0.1:2000\",\"Metadata\":null}\n");
            etcdctl("put", name + "/b", "{\"Op\":0,\"Addr\":\"127.0.0.1:3000\",\"Metadata\":{\"Zone\":\"a\"}}");
            Told<GrpcEndpoint> told = new Told<>();
            instancer.subscribe(told);
            told.awaitGood(List.of(registrar.instance(), new GrpcEndpoint("127.0.0.1:3000", "{\"Zone\":\"a\"}")));
        }
    }
}
