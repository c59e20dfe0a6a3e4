/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Connection;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** An etcd with authentication, and users on it whose passwords are their names backwards. */
final class SecuredServer implements AutoCloseable {
    static final String ROOT_PASSWORD = "password-of-root";

    final EtcdProcess etcd;
    private final AtomicInteger users = new AtomicInteger();

    SecuredServer(String... arguments) {
        this(1, arguments);
    }

    SecuredServer(int members, String... arguments) {
        etcd = EtcdProcess.builder()
                .members(members)
                .shortElection()
                .unsafeNoFsync()
                .auth(ROOT_PASSWORD)
                .arguments(arguments)
                .start();
    }

    /** A new user with a role of the same name that may read and write some prefixes. */
    String user(String... prefixes) {
        String user = "user" + users.incrementAndGet() + "x";
        etcd.etcdctl("user", "add", user + ":" + password(user));
        etcd.etcdctl("role", "add", user);
        etcd.etcdctl("user", "grant-role", user, user);
        Stream.of(prefixes).forEach(prefix -> grant(user, prefix));
        return user;
    }

    void grant(String user, String prefix) {
        etcd.etcdctl("role", "grant-permission", "--prefix=true", user, "readwrite", prefix);
    }

    void revoke(String user, String prefix) {
        etcd.etcdctl("role", "revoke-permission", "--prefix=true", user, prefix);
    }

    static String password(String user) {
        return new StringBuilder("secret-" + user.toUpperCase(Locale.ROOT))
                .reverse()
                .toString();
    }

    Connection.Builder as(String user) {
        return to(etcd.endpoints()).user(user, () -> password(user).toCharArray());
    }

    static Connection.Builder to(List<String> endpoints) {
        return Connection.to(endpoints.toArray(String[]::new)).connectTimeout(Duration.ofSeconds(20));
    }

    @Override
    public void close() {
        etcd.close();
    }
}
