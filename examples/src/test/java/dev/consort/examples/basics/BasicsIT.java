/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CertificateAuthority;
import dev.consort.testkit.EtcdProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/basics.md, run as a reader would, on a cluster of three. */
class BasicsIT {
    private static EtcdProcess etcd;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().members(3).shortElection().unsafeNoFsync().start();
    }

    @AfterAll
    static void stop() {
        try {
            assertThat(etcd.etcdctl("get", "", "--from-key", "--keys-only"))
                    .as("what the programs left behind")
                    .isBlank();
        } finally {
            etcd.close();
        }
    }

    /** A main method. */
    private interface Program {
        void run(String... arguments) throws Exception;
    }

    private static List<String> saidBy(Program program) throws Exception {
        return saidBy(program, etcd.endpoints());
    }

    private static List<String> saidBy(Program program, List<String> arguments) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            program.run(arguments.toArray(String[]::new));
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** What varies in a line. */
    private static String part(String line, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(line);
        assertThat(matcher.matches()).as("'%s' is '%s'", line, pattern).isTrue();
        return matcher.group(1);
    }

    @Test
    void connect_listsTheMembersAndDoesNotHang() throws Exception {
        List<String> at = etcd.endpoints();
        assertThat(saidBy(Connect::main))
                .containsExactly(
                        "connected by " + at,
                        "m0 is at [" + at.get(0) + "]",
                        "m1 is at [" + at.get(1) + "]",
                        "m2 is at [" + at.get(2) + "]",
                        "nobody at [http://127.0.0.1:1]");
    }

    @Test
    void connectSecurely_readsAndIsRefusedTheRest(@TempDir Path folder) throws Exception {
        CertificateAuthority authority = CertificateAuthority.in(Files.createDirectory(folder.resolve("authority")));
        Path secrets = Files.createDirectory(folder.resolve("secrets"));
        Files.copy(authority.certificate(), secrets.resolve("ca.pem"));
        Files.writeString(secrets.resolve("password"), "a password\n");
        try (EtcdProcess secured = EtcdProcess.builder()
                .unsafeNoFsync()
                .tls(authority)
                .auth("another password")
                .start()) {
            secured.etcdctl("put", "basics/greeting", "hello");
            secured.etcdctl("user", "add", "reader:a password");
            secured.etcdctl("role", "add", "reader");
            secured.etcdctl("role", "grant-permission", "--prefix=true", "reader", "read", "basics/");
            secured.etcdctl("user", "grant-role", "reader", "reader");
            List<String> arguments = new ArrayList<>(List.of(secrets.toString()));
            arguments.addAll(secured.endpoints());
            assertThat(saidBy(ConnectSecurely::main, arguments))
                    .containsExactly("greeting: hello", "not permitted: basics/greeting", "refused: a wrong password");
        }
    }

    @Test
    void putAndGet_saysWhatIsAndWas() throws Exception {
        List<String> said = saidBy(PutAndGet::main);
        String first = part(said.get(0), "put at revision (\\d+)");
        String second = part(said.get(1), "it is good day, version 2, put at revision (\\d+)");
        assertThat(Long.parseLong(second)).isGreaterThan(Long.parseLong(first));
        assertThat(said.subList(2, said.size()))
                .containsExactly(
                        "it was hello",
                        "deleted good day",
                        "found: 0",
                        "basics/fruit/apple is red",
                        "basics/fruit/banana is yellow",
                        "deleted: 2",
                        "basics/fruit/apple was red",
                        "basics/fruit/banana was yellow",
                        "deleted: 1");
    }

    @Test
    void watchKey_isToldWhatItIsAndBecomes() throws Exception {
        assertThat(saidBy(WatchKey::main)).containsExactly("told: no value", "told: on", "told: off", "told: no value");
    }

    @Test
    void watchEvents_saysEachWithTheValueBefore() throws Exception {
        assertThat(saidBy(WatchEvents::main))
                .containsExactly(
                        "put: open", "put: closed, it was open", "deleted: it was closed", "watching still: true");
    }

    @Test
    void leases_keepAKeyUntilRevoked() throws Exception {
        // One member: it lists what it has applied, and the leader is never behind.
        List<String> said =
                saidBy(Leases::main, List.of(etcd.member(etcd.leader()).endpoint()));
        assertThat(said).hasSize(8);
        String lease = part(said.get(0), "lease ([0-9a-f]+)");
        String left = part(said.get(1), "(\\d+) of 60 s left, for \\[basics/worker]");
        assertThat(said.subList(2, 8))
                .containsExactly(
                        "renewed once, for 60 s",
                        "kept alive, for 60 s",
                        "listed: true",
                        "its key is there: false",
                        "gone",
                        "listed: false");
        assertThat(Long.parseLong(left)).isBetween(50L, 60L);
        assertThat(etcd.etcdctl("lease", "timetolive", lease)).contains("already expired");
    }

    @Test
    void tenContenders_oneSetsIt() throws Exception {
        List<String> said = saidBy(TenContenders::main);
        String winner = part(said.get(10), "released by (contender \\d+)");
        List<String> expected = new ArrayList<>(IntStream.rangeClosed(1, 10)
                .mapToObj(i -> "contender " + i)
                .map(who -> who + (who.equals(winner) ? ": CREATED" : ": HELD_BY_ANOTHER") + ", it is of " + winner)
                .toList());
        expected.add("released by " + winner);
        assertThat(said).isEqualTo(expected);
    }

    @Test
    void handOver_goesToTheOneWhoWaits() throws Exception {
        List<String> said = saidBy(HandOver::main);
        assertThat(said).hasSize(5);
        long first = Long.parseLong(part(said.get(0), "one has it, token (\\d+)"));
        assertThat(said.subList(1, 3)).containsExactly("two gets it at once: false", "one released it: true");
        long second = Long.parseLong(part(said.get(3), "two has it, token (\\d+)"));
        assertThat(second).isGreaterThan(first);
        assertThat(said.get(4)).isEqualTo("the greater token: two's");
    }
}
