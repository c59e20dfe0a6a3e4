/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * Values as {@code {"name":"orders","id":"web-1","address":"10.0.0.1","port":8080,"metadata":{},"zone":"","weight":1,
 * "registered":"2026-01-01T00:00:00Z"}}. A reader needs name, id and address, and ignores what it does not know.
 *
 * @param root ends in a slash
 * @param service empty for all of them
 */
record JsonLayout(String root, String service) implements ServiceLayout<ServiceInstance> {
    @Override
    public String prefix() {
        return service.isEmpty() ? root : root + service + "/";
    }

    @Override
    public String key(ServiceInstance instance) {
        if (!service.isEmpty() && !instance.service().equals(service)) {
            throw new IllegalArgumentException(
                    "an instance of '" + instance.service() + "' is none of '" + service + "'");
        }
        return root + instance.service() + "/" + instance.id();
    }

    @Override
    public String encode(ServiceInstance instance) {
        ObjectNode value = Json.object();
        value.put("name", instance.service());
        value.put("id", instance.id());
        value.put("address", instance.address());
        value.put("port", instance.port());
        ObjectNode metadata = value.putObject("metadata");
        instance.metadata().forEach(metadata::put);
        value.put("zone", instance.zone());
        value.put("weight", instance.weight());
        value.put("registered", instance.registered().toString());
        return Json.write(value);
    }

    @Override
    public ServiceInstance decode(String key, String value) {
        JsonNode read = Json.readObject("the value", value);
        return new ServiceInstance(
                Json.text(read, "name"),
                Json.text(read, "id"),
                Json.text(read, "address"),
                Json.number(read, "port", 0),
                metadata(read),
                read.has("zone") ? Json.text(read, "zone") : "",
                Json.number(read, "weight", 1),
                registered(read));
    }

    private static Map<String, String> metadata(JsonNode read) {
        Map<String, String> metadata = new HashMap<>();
        if (read.has("metadata")) {
            JsonNode values = Json.objectOf(read, "metadata");
            values.fieldNames().forEachRemaining(name -> metadata.put(name, Json.text(values, name)));
        }
        return metadata;
    }

    private static Instant registered(JsonNode read) {
        if (!read.has("registered")) {
            return Instant.EPOCH;
        }
        try {
            return Instant.parse(Json.text(read, "registered"));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'registered' is no time such as 2026-01-01T00:00:00Z", e);
        }
    }

    @Override
    public Comparator<? super ServiceInstance> order() {
        return Comparator.naturalOrder();
    }

    /** When it came first; an instance that says so already is left as it is. */
    @Override
    public ServiceInstance registeredAt(ServiceInstance instance, Instant now) {
        return instance.registered().equals(Instant.EPOCH)
                ? new ServiceInstance(
                        instance.service(),
                        instance.id(),
                        instance.address(),
                        instance.port(),
                        instance.metadata(),
                        instance.zone(),
                        instance.weight(),
                        now)
                : instance;
    }
}
