/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The program that the page of discovery shows, run as a reader would. */
class ServiceDirectoryIT {
    @Test
    void instance_comesSaysThatItGoesAndGoes() throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start()) {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            ServiceDirectory.main(etcd.endpoint());
        } finally {
            System.setOut(out);
        }
        assertThat(said.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "instances: 0",
                        "instances: 1",
                        "web-1 at 10.0.0.1:8080 {}",
                        "instances: 1",
                        "web-1 at 10.0.0.1:8080 {draining=yes}",
                        "instances: 0");
    }
}
