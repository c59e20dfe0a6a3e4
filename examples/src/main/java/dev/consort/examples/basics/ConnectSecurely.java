/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.AuthenticationException;
import dev.consort.core.Connection;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.Tls;
import dev.consort.stm.Stm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Connects with TLS and a password, to an etcd whose user {@code reader} may read what is below {@code basics/}. */
public final class ConnectSecurely {
    private ConnectSecurely() {}

    /**
     * Runs the example.
     *
     * @param arguments a folder with ca.pem and password; then endpoints of etcd, all {@code https}
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        Path secrets = Path.of(arguments[0]);
        String[] endpoints = Arrays.copyOfRange(arguments, 1, arguments.length);
        try (Connection connection = Connection.to(endpoints)
                .tls(Tls.trusting(secrets.resolve("ca.pem"))) // the authority that signed the servers' certificates
                .user("reader", () -> read(secrets.resolve("password"))) // asked at each authentication
                .open()) {
            String greeting =
                    Stm.run(connection, tx -> tx.get("basics/greeting").orElse("none"));
            System.out.println("greeting: " + greeting);
            write(connection);
        }
        wrongPassword(secrets, endpoints);
    }

    private static void write(Connection connection) throws InterruptedException {
        try {
            Stm.on(connection).runWithoutResult(tx -> tx.put("basics/greeting", "mine"));
        } catch (PermissionDeniedException denied) {
            System.out.println("not permitted: " + denied.key());
        }
    }

    private static void wrongPassword(Path secrets, String... endpoints) {
        try (Connection connection = Connection.to(endpoints)
                .tls(Tls.trusting(secrets.resolve("ca.pem")))
                .user("reader", () -> "a guess".toCharArray())
                .open()) {
            System.out.println("connected by " + connection.endpoints());
        } catch (AuthenticationException refused) {
            System.out.println("refused: a wrong password");
        }
    }

    private static char[] read(Path file) {
        try {
            return Files.readString(file).strip().toCharArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
