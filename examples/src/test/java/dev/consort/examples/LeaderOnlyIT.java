/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EtcdProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaderOnlyIT {
    @Test
    void main_leadsTwice_andShowsWhoLeads() throws InterruptedException {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (EtcdProcess etcd = EtcdProcess.start()) {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            LeaderOnly.main(etcd.endpoints().toArray(String[]::new));
        } finally {
            System.setOut(out);
        }
        List<String> lines = said.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines)
                .filteredOn(line -> line.startsWith("report written, term "))
                .hasSize(2)
                .doesNotHaveDuplicates();
        assertThat(lines).contains("leader: web-1:8080", "led 2 times; up to date: true");
    }

    /** What docs/election.md quotes is what was compiled. */
    @Test
    void page_quotesTheProgram() throws IOException {
        Path root = Path.of("..");
        String page = Files.readString(root.resolve("docs/election.md"));
        String program = Files.readString(root.resolve("examples/src/main/java/dev/consort/examples/LeaderOnly.java"));
        String quoted = page.substring(page.indexOf("```java", page.indexOf("## Example")) + "```java\n".length());
        quoted = quoted.substring(0, quoted.indexOf("```"));
        assertThat(quoted.lines().filter(line -> !line.isBlank()).count()).isGreaterThan(5);
        assertThat(program.replaceAll("\\s+", " "))
                .contains(quoted.replaceAll("\\s+", " ").strip());
    }
}
