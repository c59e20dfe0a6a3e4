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

/** The programs that the pages of the barriers show, run as a reader would. */
class BarrierExamplesIT {
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
        void run(String... arguments) throws InterruptedException;
    }

    private static List<String> saidBy(Program program) throws InterruptedException {
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
    void importInSteps_goesFromStepToStep() throws InterruptedException {
        String read = "a part is read";
        String written = "a part is written";
        String all = "all have done it";
        assertThat(saidBy(ImportInSteps::main)).containsExactly(read, read, all, written, written, all);
    }

    @Test
    void measureTogether_beginsAndEndsTogether() throws InterruptedException {
        String measuring = "measuring in round 1";
        String end = "all have measured";
        assertThat(saidBy(MeasureTogether::main)).containsExactly(measuring, measuring, end, end);
    }

    @Test
    void startWhenLoaded_waitsForTwoTables() throws InterruptedException {
        assertThat(saidBy(StartWhenLoaded::main))
                .containsExactly(
                        "counted: true", "counted again: false", "loaded: false, left: 1", "counted: true", "started");
    }

    @Test
    void migrateFirst_tellsHowItEnded() throws InterruptedException {
        List<String> said = saidBy(MigrateFirst::main);
        assertThat(said).hasSize(2);
        assertThat(said.get(0)).matches("migrating with token \\d+");
        assertThat(said.get(1)).matches("the other one was told: (RELEASED|WAS_OPEN)");
    }
}
