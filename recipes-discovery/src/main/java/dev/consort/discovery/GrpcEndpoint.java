/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.Objects;

/**
 * An endpoint of a gRPC service, as etcd's Go package has it. Immutable.
 *
 * @param address host and port, such as {@code 127.0.0.1:2000}; not empty
 * @param metadata any JSON, such as {@code {"zone":"a"}}; {@code null} as text if there is none
 */
public record GrpcEndpoint(String address, String metadata) implements Comparable<GrpcEndpoint> {
    private static final String NONE = "null";

    /**
     * Checks that the metadata is JSON, and leaves out its white space.
     *
     * @param address as above
     * @param metadata as above
     * @throws IllegalArgumentException if the address is empty, or the metadata is no JSON
     */
    public GrpcEndpoint {
        if (Objects.requireNonNull(address, "address").isEmpty()) {
            throw new IllegalArgumentException("address is empty");
        }
        metadata = Json.write(Json.read("metadata of " + address, Objects.requireNonNull(metadata, "metadata")));
    }

    /**
     * One without metadata.
     *
     * @param address host and port
     * @return an endpoint
     */
    public static GrpcEndpoint of(String address) {
        return new GrpcEndpoint(address, NONE);
    }

    /** By address, then by metadata. */
    @Override
    public int compareTo(GrpcEndpoint other) {
        int byAddress = address.compareTo(other.address);
        return byAddress != 0 ? byAddress : metadata.compareTo(other.metadata);
    }
}
