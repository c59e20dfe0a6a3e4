/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;

/** Values as {@code {"Op":0,"Addr":"127.0.0.1:2000","Metadata":null}}. Whatever {@code Op} says, a key that is there is an endpoint. */
record GrpcLayout(String prefix) implements ServiceLayout<GrpcEndpoint> {
    @Override
    public String key(GrpcEndpoint instance) {
        return prefix + instance.address();
    }

    @Override
    public String encode(GrpcEndpoint instance) {
        ObjectNode value = Json.object();
        value.put("Op", 0);
        value.put("Addr", instance.address());
        value.set("Metadata", Json.read("metadata", instance.metadata()));
        return Json.write(value);
    }

    @Override
    public GrpcEndpoint decode(String key, String value) {
        JsonNode read = Json.readObject("the value", value);
        JsonNode metadata = read.get("Metadata");
        return new GrpcEndpoint(Json.text(read, "Addr"), metadata == null ? "null" : Json.write(metadata));
    }

    @Override
    public Comparator<? super GrpcEndpoint> order() {
        return Comparator.naturalOrder();
    }
}
