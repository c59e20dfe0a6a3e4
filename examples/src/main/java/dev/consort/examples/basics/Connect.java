/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import io.etcd.jetcd.cluster.Member;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connects to all members of a cluster, lists them, and shows what a timeout is for. */
public final class Connect {
    private Connect() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws ExecutionException if etcd refuses a request
     * @throws TimeoutException if etcd does not answer
     */
    public static void main(String... arguments) throws InterruptedException, ExecutionException, TimeoutException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints) // several: one that is silent is left for another
                .connectTimeout(Duration.ofSeconds(3)) // for open(); both are 5 s if not set
                .requestTimeout(Duration.ofSeconds(2)) // for each operation of a recipe, retries included
                .open()) {
            System.out.println("connected by " + connection.endpoints());
            list(connection);
        }
        nobodyThere();
    }

    private static void list(Connection connection) throws InterruptedException, ExecutionException, TimeoutException {
        connection.client().getClusterClient().listMember().get(5, TimeUnit.SECONDS).getMembers().stream()
                .sorted(Comparator.comparing(Member::getName))
                .forEach(member -> System.out.println(member.getName() + " is at " + member.getClientURIs()));
    }

    /** Does not hang: it ends when the connect timeout does, and says what was tried. */
    private static void nobodyThere() {
        try (Connection connection = Connection.to("http://127.0.0.1:1")
                .connectTimeout(Duration.ofMillis(300))
                .open()) {
            System.out.println("connected by " + connection.endpoints());
        } catch (EtcdUnavailableException nobody) {
            System.out.println("nobody at " + nobody.endpoints());
        }
    }
}
