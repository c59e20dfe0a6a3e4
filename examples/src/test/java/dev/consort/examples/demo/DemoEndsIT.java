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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
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
        Process demo = start("--endpoints", String.join(",", etcd.endpoints()));
        try (BufferedReader lines = demo.inputReader(StandardCharsets.UTF_8)) {
            readUntil(lines, Event.Kind.HOLDS);
            List<ProcessHandle> started = demo.descendants().toList();
            assertThat(started).hasSizeGreaterThanOrEqualTo(2);
            assertThat(keys()).contains("/leader/");

            send("TERM", demo);

            assertEnd(demo, started);
            // A write of a killed worker may land after the keys were removed; it is bound to a lease.
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(keys()).isEmpty());
        } finally {
            demo.destroyForcibly();
        }
    }

    /** The server, and every key with it, ends with the demo's process; it is there until the keys are removed. */
    @Test
    void terminationOnTheEmbeddedServer_removesTheKeysAndLeavesNoProcess() throws IOException, InterruptedException {
        assertThat(endedOnTheEmbeddedServer("TERM", Event.Kind.HOLDS))
                .containsPattern("keys left in etcd, and removed: [1-9]");
    }

    /** The workers are then on their own, without etcd and without the one who would tell them to end. */
    @Test
    @Tag("long")
    void killOnTheEmbeddedServer_whileAWorkerIsStopped_leavesNoProcess() throws IOException, InterruptedException {
        assertThat(endedOnTheEmbeddedServer("KILL", Event.Kind.STOPPED)).doesNotContain("removed");
    }

    /** What the demo says after the signal. */
    private static String endedOnTheEmbeddedServer(String signal, Event.Kind when)
            throws IOException, InterruptedException {
        Process demo = start();
        try (BufferedReader lines = demo.inputReader(StandardCharsets.UTF_8)) {
            readUntil(lines, when);
            List<ProcessHandle> started = demo.descendants().toList();
            assertThat(started).hasSizeGreaterThanOrEqualTo(2);
            send(signal, demo);
            String rest = lines.lines().collect(Collectors.joining("\n"));
            assertEnd(demo, started);
            return rest;
        } finally {
            demo.destroyForcibly();
        }
    }

    private static void readUntil(BufferedReader lines, Event.Kind event) throws IOException {
        String wanted =
                new Event(0, "", event, 0, 0).text().split("[0-9]", -1)[0].strip();
        String line = lines.readLine();
        while (line != null && !line.contains(wanted)) {
            line = lines.readLine();
        }
        assertThat(line).contains(wanted);
    }

    private static void send(String signal, Process demo) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + demo.pid())
                .start()
                .waitFor();
    }

    private static void assertEnd(Process demo, List<ProcessHandle> started) throws InterruptedException {
        assertThat(demo.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(started).noneMatch(ProcessHandle::isAlive));
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Demo.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String keys() {
        return etcd.etcdctl("get", "", "--prefix", "--keys-only").strip();
    }
}
