/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The program that the page of the group shows, run as a reader would. */
class MembershipExampleIT {
    @Test
    void whoWorks_joinsIsSeenAndLeaves() throws InterruptedException {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start()) {
            WhoWorks.main(etcd.endpoint(), "web-7");
        } finally {
            System.setOut(out);
        }
        List<String> said = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(said).containsSubsequence("there: [web-7]", "refused: web-7", "up to date: true");
        assertThat(said).anyMatch(line -> line.matches("my shelves: (0|12)"));
    }
}
