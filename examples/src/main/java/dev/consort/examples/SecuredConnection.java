/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.Tls;
import dev.consort.lock.Mutex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A lock on an etcd that asks for TLS, a client certificate, a user and a password. */
public final class SecuredConnection {
    private SecuredConnection() {}

    /** Where passwords come from: a vault, or a mounted file. */
    @FunctionalInterface
    interface Vault {
        char[] passwordOf(String user);
    }

    /**
     * Takes a lock and says its token.
     *
     * @param arguments a folder with ca.pem, client.pem, client.key and password; then endpoints of etcd
     * @throws InterruptedException if interrupted while waiting for the lock
     */
    public static void main(String... arguments) throws InterruptedException {
        Path secrets = Path.of(arguments[0]);
        String[] endpoints = Arrays.copyOfRange(arguments, 1, arguments.length);
        try (Connection connection = open(secrets, user -> read(secrets.resolve("password")), endpoints);
                Session session = Session.builder(connection).open();
                Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
            System.out.println("holding it with token " + grant.token().toLong());
        }
    }

    static Connection open(Path pem, Vault vault, String... endpoints) {
        return Connection.to(endpoints) // https://a:2379, https://b:2379, https://c:2379
                .tls(Tls.trusting(pem.resolve("ca.pem"))
                        .certificate(pem.resolve("client.pem"), pem.resolve("client.key")))
                .user("orders", () -> vault.passwordOf("orders")) // a new array each time: it is overwritten after use
                .namespace("shop/")
                .open();
    }

    private static char[] read(Path file) {
        try {
            return Files.readString(file).strip().toCharArray();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + file, e);
        }
    }
}
