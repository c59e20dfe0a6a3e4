/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.QueueReport;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import dev.consort.lock.Mutex;
import dev.consort.testkit.EtcdProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Locks of ours and of etcdctl, and an election, in one table. */
class QueueTableIT {
    @Test
    void main_printsEveryClaimBelowThePrefix() throws Exception {
        try (EtcdProcess etcd = EtcdProcess.start();
                Session one = Session.connect(etcd.endpoints().get(0));
                Session two = Session.connect(etcd.endpoints().get(0));
                Grant grant = Mutex.create(one, "app/lock").acquire();
                Leadership leadership = LeaderElection.create(two, "app/leader").campaign("web-1:\u001b8080")) {
            CompletableFuture<Grant> waiting = Mutex.create(two, "app/lock").acquireAsync();
            Process etcdctl = etcd.etcdctlProcess("lock", "app/theirs");
            await().until(() -> QueueReport.of(one.connection(), "app").queues().size() == 3
                    && Mutex.create(one, "app/lock").waiters().size() == 1);
            etcd.etcdctl("put", "app/lock/note", "do not touch");

            List<String> lines = table("app", etcd.endpoints().get(0));
            String pid = String.valueOf(ProcessHandle.current().pid());
            assertThat(lines).hasSize(8);
            assertThat(lines.get(0)).matches("QUEUE +PLACE +WHO +LEASE +REVISION +AGE +TTL +BY");
            assertThat(lines.get(1))
                    .matches("app/leader +owner +web-1:\\?8080 +" + hex(two) + " +"
                            + leadership.token().revision() + " +- +\\d+ s Consort");
            assertThat(lines.get(2))
                    .matches("app/lock +owner +\\S+ " + pid + " +" + hex(one) + " +"
                            + grant.token().revision() + " +\\d+ s +\\d+ s Consort");
            assertThat(lines.get(3))
                    .matches("app/lock +waits +\\S+ " + pid + " +" + hex(two) + " +\\d+ +\\d+ s +\\d+ s Consort");
            assertThat(lines.get(4)).matches("app/lock +blocks +app/lock/note +- +\\d+ +- +- *");
            assertThat(lines.get(5)).matches("app/theirs +owner +- +[0-9a-f]+ +\\d+ +- +\\d+ s other");
            assertThat(lines.get(6)).matches(" +foreign +app/lock/note +- +\\d+ +- +- *");
            assertThat(lines.get(7)).matches("at revision \\d+");

            etcd.etcdctl("del", "app/lock/note");
            etcdctl.toHandle().destroy();
            assertThat(grant.release()).isTrue();
            waiting.get(10, TimeUnit.SECONDS).close();
        }
    }

    private static String hex(Session session) {
        return Long.toHexString(session.leaseId());
    }

    private static List<String> table(String... arguments) throws InterruptedException {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            QueueTable.main(arguments);
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
