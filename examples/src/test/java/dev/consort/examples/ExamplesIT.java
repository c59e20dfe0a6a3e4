/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.QueueReport;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import dev.consort.job.ClusteredJobs;
import dev.consort.job.ClusteredJobs.Outcome;
import dev.consort.lock.Mutex;
import dev.consort.testkit.CertificateAuthority;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.IssuedCertificate;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs that the documentation shows, run as a reader would. */
class ExamplesIT {
    private static EtcdProcess etcd;
    private static String endpoint;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.start();
        endpoint = etcd.endpoints().get(0);
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    /** What a program prints. */
    private static List<String> saidBy(Callable<?> program) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            program.call();
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void nightlyReport_triggered_writesOnceAndEnds() throws Exception {
        List<String> said = saidBy(() -> {
            CompletableFuture<Void> program = CompletableFuture.runAsync(() -> {
                try {
                    NightlyReport.main(endpoint);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            try (Connection connection = Connection.to(endpoint).open()) {
                ClusteredJobs jobs = ClusteredJobs.of(connection);
                await().until(() -> jobs.find("jobs/reports").isPresent());
                jobs.trigger("jobs/reports");
                program.get(20, TimeUnit.SECONDS);
                assertThat(jobs.find("jobs/reports").orElseThrow().outcome()).isEqualTo(Outcome.DONE);
            }
            return null;
        });
        assertThat(said).hasSize(5);
        assertThat(said.get(0)).matches("report of \\d{4}-\\d\\d-\\d\\d, attempt 1");
        assertThat(said.subList(1, 4)).allMatch(line -> line.endsWith(" written"));
        assertThat(said.get(4)).isEqualTo("jobs/reports ran 1 times here");
    }

    @Test
    void leaderOnly_leadsThreeTimesAndShowsWhoLeads() throws Exception {
        List<String> said = saidBy(() -> {
            LeaderOnly.main(endpoint);
            return true;
        });
        assertThat(said)
                .filteredOn(line -> line.contains("report written, term "))
                .hasSize(3)
                .doesNotHaveDuplicates();
        assertThat(said).contains("leader: web-1:8080", "led 2 times; up to date: true");
    }

    @Test
    void importWorkers_importsWithOnePermitAndWithAll() throws Exception {
        List<String> said = saidBy(() -> {
            ImportWorkers.main(endpoint);
            return true;
        });
        assertThat(said).filteredOn(line -> line.contains("imported, token ")).hasSize(1);
        assertThat(said).contains("alone, with 3 permits", "free: 3");
    }

    @Test
    void securedConnection_holdsALockInItsNamespace(@TempDir Path folder) throws Exception {
        CertificateAuthority authority = CertificateAuthority.in(Files.createDirectory(folder.resolve("authority")));
        IssuedCertificate client = authority.issue("orders");
        Path secrets = Files.createDirectory(folder.resolve("secrets"));
        Files.copy(authority.certificate(), secrets.resolve("ca.pem"));
        Files.copy(client.certificate(), secrets.resolve("client.pem"));
        Files.copy(client.key(), secrets.resolve("client.key"));
        Files.writeString(secrets.resolve("password"), "a password\n");
        try (EtcdProcess secured = EtcdProcess.builder()
                .tls(authority)
                .clientCertificates()
                .auth("another password")
                .start()) {
            secured.etcdctl("user", "add", "orders:a password");
            secured.etcdctl("role", "add", "orders");
            secured.etcdctl("role", "grant-permission", "--prefix=true", "orders", "readwrite", "shop/");
            secured.etcdctl("user", "grant-role", "orders", "orders");
            assertThat(saidBy(() -> {
                        SecuredConnection.main(
                                secrets.toString(), secured.endpoints().get(0));
                        return true;
                    }))
                    .singleElement()
                    .asString()
                    .startsWith("holding it with token ");
        }
    }

    @Test
    void fencedUpdate_refusesTheLateWriteOnly() throws Exception {
        assertThat(saidBy(() -> {
                    FencedUpdate.main(endpoint);
                    return true;
                }))
                .containsExactly("first holder: 1 row", "second holder: 1 row", "first holder, late: 0 rows");
    }

    @Test
    void reindexOrders_writesUnderTheLock() throws Exception {
        List<String> said = saidBy(() -> {
            ReindexOrders.main(endpoint);
            return true;
        });
        assertThat(said).hasSize(4);
        assertThat(said.get(0)).matches("rebuilt with token \\d+");
        assertThat(said.get(1)).matches("rebuilt with token \\d+").isNotEqualTo(said.get(0));
        assertThat(said.subList(2, 4)).containsExactly("state written", "done");
        assertThat(etcd.etcdctl("get", "--print-value-only", "orders/state")).isEqualToIgnoringNewLines("indexed");
    }

    @Test
    void priceList_readsAndWritesInItsOwnTurn() throws Exception {
        List<String> said = saidBy(() -> {
            PriceList.main(endpoint);
            return true;
        });
        assertThat(said)
                .extracting(line -> line.replaceAll(" .*", ""))
                .containsExactly("shown", "changed", "changed", "shown", "changed");
        assertThat(said)
                .extracting(line -> Long.valueOf(line.replaceAll(".* ", "")))
                .isSorted();
    }

    @Test
    void moveStock_movesInBothDirections() throws Exception {
        List<String> said = saidBy(() -> {
            MoveStock.main(endpoint);
            return true;
        });
        assertThat(said)
                .containsExactlyInAnyOrder(
                        "1 from north to south",
                        "2 from north to south",
                        "3 from north to south",
                        "1 from south to north",
                        "2 from south to north",
                        "3 from south to north");
    }

    @Test
    void moveBolts_losesNone() throws Exception {
        List<String> said = saidBy(() -> {
            MoveBolts.main(endpoint);
            return true;
        });
        assertThat(said).hasSize(9).contains("in all 20", "in the end 20", "moved 3 from south to north");
        assertThat(said).last().isEqualTo("sold, left in the north 7");
    }

    @Test
    void sessionLoop_goesOnWithTheNextSession() throws Exception {
        List<String> said = saidBy(() -> {
            SessionLoop.main(endpoint);
            return true;
        });
        assertThat(said).hasSize(5);
        assertThat(said.get(2)).isEqualTo("lost: REVOKED");
        List<Long> tokens = said.stream()
                .filter(line -> line.startsWith("step"))
                .map(line -> Long.valueOf(line.replaceAll(".* ", "")))
                .toList();
        assertThat(tokens.get(1)).isEqualTo(tokens.get(0));
        assertThat(tokens.get(2)).isGreaterThan(tokens.get(1)).isEqualTo(tokens.get(3));
    }

    /** Locks of ours and of etcdctl, and an election. */
    @Test
    void queueTable_printsEveryClaimBelowThePrefix() throws Exception {
        try (Session one = Session.connect(endpoint);
                Session two = Session.connect(endpoint);
                Grant grant = Mutex.create(one, "app/lock").acquire();
                Leadership leadership = LeaderElection.create(two, "app/leader").campaign("web-1:\u001b8080")) {
            CompletableFuture<Grant> waiting = Mutex.create(two, "app/lock").acquireAsync();
            Process etcdctl = etcd.etcdctlProcess("lock", "app/theirs");
            await().until(() -> QueueReport.of(one.connection(), "app").queues().size() == 3
                    && Mutex.create(one, "app/lock").waiters().size() == 1);
            etcd.etcdctl("put", "app/lock/note", "do not touch");

            List<String> lines = saidBy(() -> {
                QueueTable.main("app", endpoint);
                return true;
            });
            String us = "\\S+ " + ProcessHandle.current().pid();
            assertThat(lines).hasSize(8);
            assertThat(lines.get(0)).matches("QUEUE +PLACE +WHO +LEASE +REVISION +AGE +TTL +BY");
            assertThat(lines.get(1))
                    .matches(row(
                            "app/leader owner web-1:\\?8080 %x %d - \\d+_s Consort",
                            two.leaseId(), leadership.token().revision()));
            assertThat(lines.get(2))
                    .matches(row(
                            "app/lock owner " + us + " %x %d \\d+_s \\d+_s Consort",
                            one.leaseId(),
                            grant.token().revision()));
            assertThat(lines.get(3))
                    .matches(row("app/lock waits " + us + " %x \\d+ \\d+_s \\d+_s Consort", two.leaseId()));
            assertThat(lines.get(4)).matches(row("app/lock blocks app/lock/note - \\d+ - - "));
            assertThat(lines.get(5)).matches(row("app/theirs owner - [0-9a-f]+ \\d+ - \\d+_s other"));
            assertThat(lines.get(6)).matches(row(" foreign app/lock/note - \\d+ - - "));
            assertThat(lines.get(7)).matches("at revision \\d+");

            etcd.etcdctl("del", "app/lock/note");
            etcdctl.toHandle().destroy();
            assertThat(grant.release()).isTrue();
            waiting.get(10, TimeUnit.SECONDS).close();
        }
    }

    /** A table's row as a pattern, whatever the width of its columns. */
    private static String row(String columns, Object... values) {
        String pattern = columns.replace("\\d", "[0-9]").replace(" ", " +").replace('_', ' ');
        return String.format(pattern, values);
    }
}
