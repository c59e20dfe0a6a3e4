/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EtcdProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class FencedUpdateIT {
    @Test
    void main_refusesTheLateWriteOnly() throws InterruptedException, SQLException {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (EtcdProcess etcd = EtcdProcess.start()) {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            FencedUpdate.main(etcd.endpoints().toArray(String[]::new));
        } finally {
            System.setOut(out);
        }
        assertThat(said.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("first holder: 1 row", "second holder: 1 row", "first holder, late: 0 rows");
    }
}
