/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What etcdctl prints for an embedded etcd is what it prints for a real one. */
@Timeout(60)
class EmbeddedEtcdctlIT {
    /** The version that an embedded etcd says it is. */
    private static final String IMITATED = "3.5.30";

    private static final String LEASE = "1234567890abcdef";

    @SuppressWarnings("NullAway.Init") // by start
    private static EtcdProcess etcd;

    @SuppressWarnings("NullAway.Init") // by start
    private static EmbeddedEtcd embedded;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder()
                .unsafeNoFsync()
                .arguments("--bcrypt-cost=4")
                .start();
        embedded = EmbeddedEtcd.start();
    }

    @AfterAll
    static void stop() {
        embedded.close();
        etcd.close();
    }

    @BeforeEach
    void empty() {
        both("del", "", "--from-key");
    }

    /** Runs etcdctl on both; what it prints, errors included, must be alike, and is returned. */
    private static String both(String... arguments) {
        String real = masked(run(etcd.endpoints().get(0), arguments))
                .replace(", " + etcd.version() + ", ", ", " + IMITATED + ", ");
        String ours = masked(run(embedded.endpoint(), arguments));
        assertThat(ours).as("etcdctl %s", String.join(" ", arguments)).isEqualTo(real);
        return real;
    }

    private static String run(String endpoint, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add(0, "--endpoints=" + endpoint);
        try {
            return etcd.etcdctl(all.toArray(String[]::new));
        } catch (EtcdProcessException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Without what no two servers share: IDs, ports, terms, sizes, what is left of a TTL. */
    private static String masked(String output) {
        String masked = output;
        for (String own : List.of(
                "(?<=cluster_id\":)\\d+",
                "(?<=member_id\":)\\d+",
                "(?<=raft_term\":)\\d+",
                "(?<=127.0.0.1:)\\d+",
                "(?<=remaining\\()\\d+",
                "\\d+(?=s\\), attached)",
                "(?<=(Cluster|Member)ID\" : )\\d+",
                "(?<=took\":\")[^\"]*",
                "[0-9a-f]{1,16}(?= granted)",
                "[0-9a-f]{1,16}(?=, started)",
                "(?<=, )[0-9a-f]{1,16}(?=, 3)",
                "(?<=caller\":\")[^\"]*",
                "(?<=ts\":\")[^\"]*",
                "(?<=attempt\":)\\d+",
                "etcd-endpoints://[^/]*",
                "endpoint://client-[^/]*",
                "(?<=, )\\d+ [kM]B",
                "(?<=false, )\\d+, \\d+, \\d+")) {
            masked = Pattern.compile(own).matcher(masked).replaceAll("*");
        }
        return masked;
    }

    @Test
    void putGetDel_printAlike() {
        both("put", "a", "1");
        both("put", "b", "2", "--prev-kv");
        both("put", "b", "3", "--prev-kv");
        both("put", "b", "--ignore-value", "--prev-kv");
        both("put", "absent", "--ignore-value");
        both("put", "c", "4", "--lease=77");
        both("put", "", "x");
        both("get", "a");
        both("get", "a", "--print-value-only");
        both("get", "", "--prefix", "--keys-only");
        both("get", "", "--from-key", "--limit=1");
        both("get", "", "--prefix", "--order=DESCEND", "--sort-by=MODIFY");
        both("get", "a", "c", "--order=ASCEND", "--sort-by=VALUE");
        both("get", "", "--prefix", "--count-only", "--write-out=fields");
        both("get", "b", "--write-out=json");
        both("get", "b", "--rev=1000000");
        both("get", "b", "--consistency=s", "--hex");
        both("del", "b", "--prev-kv");
        both("del", "absent");
        both("del", "a", "--prefix");
    }

    @Test
    void watch_printsAlike() throws IOException, InterruptedException {
        List<Process> watching = new ArrayList<>();
        for (String endpoint : List.of(etcd.endpoints().get(0), embedded.endpoint())) {
            watching.add(
                    etcd.etcdctlProcess("--endpoints=" + endpoint, "watch", "w", "--prefix", "--prev-kv", "--rev=1"));
        }
        both("put", "w1", "1");
        both("put", "w1", "2");
        both("del", "w", "--prefix");
        List<String> real = lines(watching.get(0), 3 + 5 + 5);
        assertThat(lines(watching.get(1), 3 + 5 + 5)).isEqualTo(real);
        assertThat(real).contains("PUT", "DELETE");
        for (Process process : watching) {
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static List<String> lines(Process process, int count) {
        try {
            BufferedReader reader = process.inputReader(UTF_8);
            List<String> lines = new ArrayList<>();
            while (lines.size() < count) {
                lines.add(String.valueOf(reader.readLine()));
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void lease_printsAlike() {
        both("lease", "timetolive", LEASE);
        both("lease", "keep-alive", "--once", LEASE);
        both("lease", "revoke", LEASE);
        both("lease", "list");
        List<List<String>> printed = new ArrayList<>();
        for (String endpoint : List.of(etcd.endpoints().get(0), embedded.endpoint())) {
            String granted = run(endpoint, "lease", "grant", "100");
            String id = granted.split(" ", -1)[1];
            printed.add(Stream.of(
                            granted,
                            run(endpoint, "put", "leased", "x", "--lease=" + id),
                            run(endpoint, "lease", "list"),
                            run(endpoint, "lease", "keep-alive", "--once", id),
                            run(endpoint, "lease", "timetolive", id, "--keys"),
                            run(endpoint, "lease", "revoke", id),
                            run(endpoint, "get", "leased"))
                    .map(line -> masked(line.replace(id, "*")))
                    .toList());
        }
        assertThat(printed.get(1)).isEqualTo(printed.get(0));
        assertThat(printed.get(0)).contains("OK\n").endsWith("");
    }

    @Test
    void lockAndElect_printAlike() throws IOException, InterruptedException {
        both("lock", "name", "echo", "owned");
        both("get", "name", "--prefix");
        List<String> leaders = new ArrayList<>();
        for (String endpoint : List.of(etcd.endpoints().get(0), embedded.endpoint())) {
            Process candidate = etcd.etcdctlProcess("--endpoints=" + endpoint, "elect", "election", "me");
            List<String> said = lines(candidate, 2);
            leaders.add(said.get(1));
            assertThat(said.get(0)).matches("election/[0-9a-f]+");
            Process observer = etcd.etcdctlProcess("--endpoints=" + endpoint, "elect", "--listen", "election");
            assertThat(lines(observer, 2)).isEqualTo(said);
            observer.destroy();
            candidate.destroy();
            assertThat(candidate.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(leaders).containsExactly("me", "me");
    }

    @Test
    void membersAndStatus_printAlike() {
        assertThat(both("member", "list")).contains("started");
        assertThat(both("endpoint", "status")).contains("3.");
        assertThat(both("endpoint", "health", "--write-out=json")).contains("true");
        both("compact", "1");
        both("compact", "1");
        both("alarm", "list");
    }

    @Test
    void usersAndRoles_printAlike() {
        both("auth", "enable");
        both("role", "add", "reader");
        both("role", "add", "reader");
        both("role", "grant-permission", "reader", "read", "shared/", "--prefix");
        both("role", "grant-permission", "reader", "readwrite", "own");
        both("role", "get", "reader");
        both("role", "get", "absent");
        both("role", "revoke-permission", "reader", "absent");
        both("user", "add", "alice:secret");
        both("user", "add", "alice:secret");
        both("user", "add", "bob", "--no-password");
        both("user", "grant-role", "alice", "reader");
        both("user", "grant-role", "alice", "absent");
        both("user", "get", "alice");
        both("user", "get", "alice", "--detail");
        both("user", "list");
        both("role", "list");
        both("user", "add", "root:rootpw");
        both("auth", "enable");
        both("put", "own", "1");
        both("put", "own", "1", "--user=alice:wrong");
        both("put", "own", "1", "--user=bob:any");
        both("put", "own", "1", "--user=alice:secret");
        both("put", "shared/x", "1", "--user=alice:secret");
        both("get", "shared/x", "--user=alice:secret");
        both("get", "", "--from-key", "--user=alice:secret");
        both("del", "own", "--user=alice:secret");
        both("user", "list", "--user=alice:secret");
        both("user", "get", "alice", "--user=alice:secret");
        both("role", "get", "reader", "--user=alice:secret");
        both("auth", "status", "--user=root:rootpw");
        both("auth", "disable", "--user=root:rootpw");
        both("user", "revoke-role", "alice", "reader");
        both("user", "revoke-role", "alice", "reader");
        both("user", "delete", "alice");
        both("user", "delete", "alice");
        both("role", "delete", "reader");
        both("role", "delete", "reader");
    }

    @Test
    void memberChanges_areNotImplemented() {
        assertThat(run(embedded.endpoint(), "member", "remove", "1")).contains("Unimplemented");
        assertThat(run(embedded.endpoint(), "snapshot", "save", "nowhere")).contains("Unimplemented");
    }

    /** A transaction is read from standard input. */
    @Test
    void txn_printsAlike() throws IOException, InterruptedException {
        both("put", "t", "1");
        List<String> printed = new ArrayList<>();
        for (String endpoint : List.of(etcd.endpoints().get(0), embedded.endpoint())) {
            printed.add(txn(endpoint, "value(\"t\") = \"1\"\n\nput t 2\nget t\n\nget t\n\n"));
            printed.add(txn(endpoint, "version(\"t\") > \"5\"\n\n\nget t\ndel t\n\n"));
            printed.add(txn(endpoint, "mod(\"t\") > \"0\"\n\nput t 1\nput t 2\n\n\n"));
        }
        assertThat(printed.subList(3, 6)).isEqualTo(printed.subList(0, 3));
        assertThat(printed.get(0)).contains("SUCCESS");
        assertThat(printed.get(1)).contains("FAILURE");
    }

    private static String txn(String endpoint, String input) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(EtcdBinary.find().etcdctl().toString(), "--endpoints=" + endpoint, "txn")
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().write(input.getBytes(UTF_8));
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return masked(said);
    }
}
