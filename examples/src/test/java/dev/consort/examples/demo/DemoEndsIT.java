/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.EtcdProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** However the demo is ended, no process and no key of it stays. Whole runs are for {@code ./demo}. */
class DemoEndsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static EtcdProcess etcd;

    @BeforeAll
    static void startEtcd() {
        etcd = EtcdProcess.start();
    }

    @AfterAll
    static void stopEtcd() {
        etcd.close();
    }

    /** As Ctrl-C does, whose own signal is ignored by whatever a script has started in the background. */
    @Test
    void termination_whileAJobIsHeld_leavesNothing() throws IOException, InterruptedException {
        endsWithout("TERM", Event.Kind.HOLDS);
    }

    @Test
    void kill_whileAWorkerIsStopped_leavesNothing() throws IOException, InterruptedException {
        endsWithout("KILL", Event.Kind.STOPPED);
    }

    private static void endsWithout(String signal, Event.Kind when) throws IOException, InterruptedException {
        Process demo = start();
        String wanted =
                new Event(0, "", when, 0, 0).text().split("[0-9]", -1)[0].strip();
        try (BufferedReader lines = demo.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null && !line.contains(wanted)) {
                line = lines.readLine();
            }
            assertThat(line).contains(wanted);
            List<ProcessHandle> started = demo.descendants().toList();
            assertThat(started).hasSizeGreaterThanOrEqualTo(2);
            assertThat(keys()).contains("/leader/");

            new ProcessBuilder("sh", "-c", "kill -" + signal + " " + demo.pid())
                    .start()
                    .waitFor();

            assertThat(demo.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(started).noneMatch(ProcessHandle::isAlive));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(keys()).isEmpty());
        } finally {
            demo.destroyForcibly();
        }
    }

    private static Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Demo.class.getName(),
                        "--endpoints",
                        String.join(",", etcd.endpoints()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String keys() {
        return etcd.etcdctl("get", "", "--prefix", "--keys-only").strip();
    }
}
