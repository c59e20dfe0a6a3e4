/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An instance of a service, as the layout of {@link ServiceLayout#json(String, String)} stores it. Immutable.
 *
 * @param service its name; without a slash
 * @param id which instance it is; unique in the service, and without a slash
 * @param address host name or address; no port
 * @param port 0 if there is none, else up to 65,535
 * @param metadata whatever else is to be known, such as the version; sorted by name
 * @param zone where it runs; may be empty
 * @param weight its share of calls among its service's instances; 0: none
 * @param registered when it was registered, by the clock of the process that did
 */
public record ServiceInstance(
        String service,
        String id,
        String address,
        int port,
        Map<String, String> metadata,
        String zone,
        int weight,
        Instant registered)
        implements Comparable<ServiceInstance> {
    private static final int MAX_PORT = 65_535;

    /**
     * Copies the metadata.
     *
     * @param service as above
     * @param id as above
     * @param address as above
     * @param port as above
     * @param metadata as above
     * @param zone as above
     * @param weight as above
     * @param registered as above
     * @throws IllegalArgumentException if a name is empty or has a slash, the address is empty, or a number is out of its range
     */
    public ServiceInstance {
        LayoutKeys.segment("service", service);
        LayoutKeys.segment("id", id);
        if (Objects.requireNonNull(address, "address").isEmpty()) {
            throw new IllegalArgumentException("address is empty");
        }
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("port is " + port + ": give 0 to " + MAX_PORT);
        }
        if (weight < 0) {
            throw new IllegalArgumentException("weight is " + weight + ": give 0 or more");
        }
        Objects.requireNonNull(zone, "zone");
        Objects.requireNonNull(registered, "registered");
        metadata = sorted(metadata);
    }

    private static Map<String, String> sorted(Map<String, String> metadata) {
        SortedMap<String, String> copy = new TreeMap<>();
        Objects.requireNonNull(metadata, "metadata").forEach((name, value) -> {
            copy.put(
                    Objects.requireNonNull(name, "name in metadata"),
                    Objects.requireNonNull(value, "value in metadata"));
        });
        return Collections.unmodifiableSortedMap(copy);
    }

    /**
     * One with a weight of 1, without metadata and zone, registered when the process says so.
     *
     * @param service its name
     * @param id unique in the service
     * @param address host name or address
     * @param port 0 to 65,535
     * @return registered at {@link Instant#EPOCH} until a {@link Registrar} has set it
     */
    public static ServiceInstance of(String service, String id, String address, int port) {
        return new ServiceInstance(service, id, address, port, Map.of(), "", 1, Instant.EPOCH);
    }

    /**
     * The same with other metadata.
     *
     * @param changed in place of all before
     * @return a copy
     */
    public ServiceInstance withMetadata(Map<String, String> changed) {
        return new ServiceInstance(service, id, address, port, changed, zone, weight, registered);
    }

    /**
     * The same in another zone.
     *
     * @param changed in place of the one before
     * @return a copy
     */
    public ServiceInstance withZone(String changed) {
        return new ServiceInstance(service, id, address, port, metadata, changed, weight, registered);
    }

    /**
     * The same with another weight.
     *
     * @param changed 0 or more
     * @return a copy
     */
    public ServiceInstance withWeight(int changed) {
        return new ServiceInstance(service, id, address, port, metadata, zone, changed, registered);
    }

    /** By service and id. */
    @Override
    public int compareTo(ServiceInstance other) {
        int byService = service.compareTo(other.service);
        return byService != 0 ? byService : id.compareTo(other.id);
    }
}
