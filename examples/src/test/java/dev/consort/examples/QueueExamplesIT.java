/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The programs that the pages of queues show, run as a reader would. */
class QueueExamplesIT {
    private static EmbeddedEtcd etcd;

    @BeforeAll
    static void start() {
        etcd = EmbeddedEtcd.start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    /** A main method. */
    private interface Program {
        void run(String... arguments) throws Exception;
    }

    private static List<String> saidBy(Program program) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            program.run(etcd.endpoint());
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void printJobs_comeInTheirOrders() throws Exception {
        assertThat(saidBy(PrintJobs::main))
                .containsExactly(
                        "prints title",
                        "prints contents",
                        "prints chapter 1",
                        "prints ticket, then poster",
                        "now: nothing",
                        "prints report");
    }

    @Test
    void mailJobs_areDoneOnce_andOneIsPutAside() throws Exception {
        List<String> said = saidBy(MailJobs::main);
        assertThat(said.subList(0, 2)).containsExactlyInAnyOrder("sent to ada", "sent to grace");
        assertThat(said.subList(2, said.size()))
                .containsExactly(
                        "all sent: true",
                        "failed: 2",
                        "put aside after 2 attempts: java.lang.IllegalArgumentException: no recipient in 'nonsense'",
                        "left in the queue: 0");
    }
}
