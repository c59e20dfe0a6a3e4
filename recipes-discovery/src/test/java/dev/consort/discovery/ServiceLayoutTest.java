/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values as others write them, byte for byte, and what is made of values that nobody should write. */
class ServiceLayoutTest {
    private static final ServiceLayout<String> GO_KIT = ServiceLayout.goKit("/services/foosvc/");
    private static final ServiceLayout<GrpcEndpoint> GRPC = ServiceLayout.grpcEndpoints("foo/bar/my-service");
    private static final ServiceLayout<ServiceInstance> JSON = ServiceLayout.json("services", "orders");

    /** The key and the value of the example of go-kit's package. */
    @Test
    void goKit_isTheInstanceString() {
        assertThat(GO_KIT.key("http://1.2.3.4:8080")).isEqualTo("/services/foosvc/1.2.3.4:8080");
        assertThat(GO_KIT.key("1.2.3.4:8080")).isEqualTo("/services/foosvc/1.2.3.4:8080");
        assertThat(GO_KIT.encode("http://1.2.3.4:8080")).isEqualTo("http://1.2.3.4:8080");
        assertThat(GO_KIT.decode("/services/foosvc/any", "http://1.2.3.4:8080")).isEqualTo("http://1.2.3.4:8080");
    }

    /** "foosvc" must not find the instances of "foosvc2". */
    @Test
    void prefix_endsInASlash() {
        assertThat(Stream.of(
                                ServiceLayout.goKit("/services/foosvc"),
                                GO_KIT,
                                GRPC,
                                JSON,
                                ServiceLayout.json("services"))
                        .map(ServiceLayout::prefix))
                .containsExactly(
                        "/services/foosvc/",
                        "/services/foosvc/",
                        "foo/bar/my-service/",
                        "services/orders/",
                        "services/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/"})
    void prefix_ofNoService_isRefused(String prefix) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServiceLayout.goKit(prefix))
                .withMessageContaining("names no service");
    }

    /** As Go's {@code json.Marshal} writes an {@code internal.Update}: its fields in order, and what a page might mistake escaped. */
    @Test
    void grpcEndpoint_isWrittenAsGoDoes() {
        assertThat(GRPC.key(GrpcEndpoint.of("127.0.0.1:2000"))).isEqualTo("foo/bar/my-service/127.0.0.1:2000");
        assertThat(GRPC.encode(GrpcEndpoint.of("127.0.0.1:2000")))
                .isEqualTo("{\"Op\":0,\"Addr\":\"127.0.0.1:2000\",\"Metadata\":null}");
        assertThat(GRPC.encode(new GrpcEndpoint("a", "{ \"zone\" : \"a\", \"n\": [1, 2.5, true] }")))
                .isEqualTo("{\"Op\":0,\"Addr\":\"a\",\"Metadata\":{\"zone\":\"a\",\"n\":[1,2.5,true]}}");
        assertThat(GRPC.encode(GrpcEndpoint.of("<a>&\u2028\u2029\u001f\u0001\n\t\"\\ü")))
                .isEqualTo("{\"Op\":0,\"Addr\":\"\\u003ca\\u003e\\u0026\\u2028\\u2029\\u001f\\u0001\\n\\t\\\"\\\\ü\","
                        + "\"Metadata\":null}");
    }

    @Test
    void grpcEndpoint_isReadAsGoWritesIt() {
        assertThat(GRPC.decode("k", "{\"Op\":0,\"Addr\":\"127.0.0.1:2000\",\"Metadata\":null}"))
                .isEqualTo(GrpcEndpoint.of("127.0.0.1:2000"));
        assertThat(GRPC.decode("k", "{\"Op\":0,\"Addr\":\"\\u003ca\\u003e\",\"Metadata\":\"v1\"}"))
                .isEqualTo(new GrpcEndpoint("<a>", "\"v1\""));
        // Go's own watcher goes by the kind of the event, and not by what the value says of it.
        assertThat(GRPC.decode("k", "{\"Op\":1,\"Addr\":\"a\"}")).isEqualTo(GrpcEndpoint.of("a"));
    }

    @Test
    void json_isOursFieldByField() {
        ServiceInstance instance = new ServiceInstance(
                "orders",
                "web-1",
                "10.0.0.1",
                8080,
                Map.of("version", "2", "draining", "no"),
                "a",
                3,
                Instant.parse("2026-01-02T03:04:05.006Z"));
        String value = "{\"name\":\"orders\",\"id\":\"web-1\",\"address\":\"10.0.0.1\",\"port\":8080,"
                + "\"metadata\":{\"draining\":\"no\",\"version\":\"2\"},\"zone\":\"a\",\"weight\":3,"
                + "\"registered\":\"2026-01-02T03:04:05.006Z\"}";
        assertThat(JSON.key(instance)).isEqualTo("services/orders/web-1");
        assertThat(ServiceLayout.json("services").key(instance)).isEqualTo("services/orders/web-1");
        assertThat(JSON.encode(instance)).isEqualTo(value);
        assertThat(JSON.decode("services/orders/web-1", value)).isEqualTo(instance);
    }

    /** What a later version of this adds does not keep an earlier one from reading. */
    @Test
    void json_needsNameIdAndAddressOnly() {
        assertThat(JSON.decode("k", "{\"more\":[{}],\"name\":\"orders\",\"id\":\"1\",\"address\":\"a\"}"))
                .isEqualTo(ServiceInstance.of("orders", "1", "a", 0));
    }

    @Test
    void json_notesWhenAnInstanceCameFirst() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        ServiceInstance first = JSON.registeredAt(ServiceInstance.of("orders", "1", "a", 1), now);
        assertThat(first.registered()).isEqualTo(now);
        assertThat(JSON.registeredAt(first, now.plusSeconds(1)).registered()).isEqualTo(now);
    }

    @Test
    void json_ofAnotherService_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JSON.key(ServiceInstance.of("mails", "1", "a", 1)))
                .withMessageContaining("'mails' is none of 'orders'");
    }

    /** The message says what is wrong, and shows nothing of the value. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret",
                "{\"name\":\"secret\"",
                "\"secret\"",
                "null",
                "[]",
                "{} {}",
                "{}",
                "{\"name\":\"secret\",\"id\":\"1\"}",
                "{\"name\":1,\"id\":\"1\",\"address\":\"secret\"}",
                "{\"name\":\"orders\",\"id\":\"\",\"address\":\"secret\"}",
                "{\"name\":\"orders\",\"id\":\"a/b\",\"address\":\"secret\"}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"\"}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"port\":\"x\"}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"port\":70000}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"port\":99999999999}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"weight\":-1}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"weight\":0.5}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"metadata\":[]}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"metadata\":{\"a\":1}}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"zone\":null}",
                "{\"name\":\"orders\",\"id\":\"1\",\"address\":\"secret\",\"registered\":\"yesterday\"}"
            })
    void json_malformed_saysWhy(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JSON.decode("k", value))
                .satisfies(e -> assertThat(e.getMessage()).isNotBlank().doesNotContain("secret"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"Op\":0}", "{\"Addr\":1}", "{\"Addr\":\"\"}", "1 2"})
    void grpcEndpoint_malformed_saysWhy(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GRPC.decode("k", value))
                .satisfies(e -> assertThat(e.getMessage()).isNotBlank());
    }

    @Test
    void goKit_emptyValue_saysWhy() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GO_KIT.decode("k", ""))
                .withMessage("the value is empty");
    }

    @Test
    void metadata_thatIsNoJson_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GrpcEndpoint("a", "zone=a"))
                .withMessageContaining("metadata of a is no JSON");
        assertThatIllegalArgumentException().isThrownBy(() -> GrpcEndpoint.of(""));
    }

    @Test
    void instances_areSorted() {
        List<ServiceInstance> sorted = Stream.of("b 2", "a 2", "b 1", "a 10")
                .map(text -> text.split(" ", -1))
                .map(parts -> ServiceInstance.of(parts[0], parts[1], "h", 1))
                .sorted(ServiceLayout.json("services").order())
                .toList();
        assertThat(sorted.stream().map(each -> each.service() + each.id())).containsExactly("a10", "a2", "b1", "b2");
        assertThat(Stream.of(new GrpcEndpoint("b", "null"), new GrpcEndpoint("a", "2"), new GrpcEndpoint("a", "1"))
                        .sorted(GRPC.order())
                        .map(each -> each.address() + each.metadata()))
                .containsExactly("a1", "a2", "bnull");
    }

    @Test
    void instance_isCheckedAndCopied() {
        Map<String, String> metadata = new HashMap<>(Map.of("a", "1"));
        ServiceInstance instance = ServiceInstance.of("orders", "1", "h", 1)
                .withMetadata(metadata)
                .withZone("z")
                .withWeight(0);
        metadata.put("b", "2");
        assertThat(instance.metadata()).isEqualTo(Map.of("a", "1"));
        assertThat(instance).returns("z", ServiceInstance::zone).returns(0, ServiceInstance::weight);
        for (String bad : List.of("", "a/b")) {
            assertThatIllegalArgumentException().isThrownBy(() -> ServiceInstance.of(bad, "1", "h", 1));
            assertThatIllegalArgumentException().isThrownBy(() -> ServiceInstance.of("orders", bad, "h", 1));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ServiceInstance.of("orders", "1", "", 1));
        assertThatIllegalArgumentException().isThrownBy(() -> ServiceInstance.of("orders", "1", "h", 65_536));
        assertThatIllegalArgumentException().isThrownBy(() -> ServiceInstance.of("orders", "1", "h", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> instance.withWeight(-1));
    }
}
