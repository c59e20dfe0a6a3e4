/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.Optional;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;

/**
 * Whether containers can be had. To be asked before any other class that mentions Testcontainers is loaded; so it must
 * itself mention nothing that loading it would need.
 */
final class Docker {
    private static final String INSTEAD =
            " or use EtcdProcess, which needs an etcd binary, or EmbeddedEtcd, which needs" + " nothing";

    private Docker() {}

    static Optional<String> unavailable() {
        try {
            return silence()
                    .map(reason -> "Docker does not answer: " + reason
                            + "; start a Docker engine, or name one that runs in the environment variable DOCKER_HOST,"
                            + INSTEAD);
        } catch (NoClassDefFoundError e) {
            return Optional.of(
                    "EtcdContainer needs Testcontainers: add org.testcontainers:testcontainers 2.0.5 or later"
                            + " to the test class path," + INSTEAD + " (" + e.getMessage() + " is missing)");
        }
    }

    private static Optional<String> silence() {
        try {
            DockerClientFactory.instance().client();
            return Optional.empty();
        } catch (IllegalStateException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Another process was quicker: another port may do. */
    static boolean isPortTaken(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .map(cause -> String.valueOf(cause.getMessage()))
                .anyMatch(
                        said -> said.contains("port is already allocated") || said.contains("address already in use"));
    }
}
