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

/** The programs that the pages of shared values show, run as a reader would. */
class ConfigExamplesIT {
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
    void raiseLimit_comparesAndTells() throws Exception {
        assertThat(saidBy(RaiseLimit::main))
                .containsExactly(
                        "raised to 120",
                        "set by who had read the first: false",
                        "it was 100",
                        "a listener was told 60");
    }

    @Test
    void numberOrders_takesBlocks() throws Exception {
        assertThat(saidBy(NumberOrders::main))
                .containsExactly(
                        "orders: 1", "first id: 1", "second id: 2", "first id of another process: 101", "orders: 3");
    }

    @Test
    void liveSettings_followWhatIsGood() throws Exception {
        assertThat(saidBy(LiveSettings::main))
                .containsExactly(
                        "Pool[size=20, timeout=PT5S]",
                        "Pool[size=50, timeout=PT5S]",
                        "Pool[size=50, timeout=PT5S], for ConfigView 'settings/orders': refused by its mapping or check,"
                                + " the last good one stays: pool/size is 0: give 1 to 1000");
    }

    @Test
    void changeSettings_checksSaysWhyAndTakesBack() throws Exception {
        assertThat(saidBy(ChangeSettings::main))
                .containsExactly(
                        "bob: {pool/size=500}",
                        "cid: somebody has changed pool/size",
                        "cid: somebody has changed pool/timeout",
                        "ann: {pool/size=20, pool/timeout=PT5S}",
                        "ann, the database is at its limit: [pool/size, pool/timeout][]",
                        "bob, more load: [pool/size][pool/timeout]",
                        "ann, to begin with: [pool/size, pool/timeout][]");
    }

    @Test
    void importOnce_isTakenByTheFirstAndKnownToIt() throws Exception {
        assertThat(saidBy(ImportOnce::main))
                .containsExactly(
                        "importer-1: CREATED",
                        "importer-2: taken by importer-1",
                        "importer-1: ALREADY_MINE",
                        "released: true");
    }
}
