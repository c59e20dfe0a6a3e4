/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LeftBehindIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    @ParameterizedTest
    @ValueSource(strings = {"KILL", "TERM", "halt", "exit"})
    void jvm_endsWithoutClosing_leavesNoProcessAndNoFile(String end) throws IOException {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-XX:TieredStopAtLevel=1",
                        DoomedJvm.class.getName(),
                        end)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader reader = jvm.inputReader(StandardCharsets.UTF_8)) {
            List<String> line = Arrays.asList(reader.readLine().split(" ", -1));
            Path folder = Path.of(line.get(0));
            List<Long> pids = line.stream().skip(1).map(Long::valueOf).toList();
            if (end.equals("KILL") || end.equals("TERM")) {
                assertThat(pids.get(0)).matches(ProcessState::exists, "the first member runs");
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(ProcessState.state(pids.get(1))).isIn('T', '?'));
                assertThat(pids.get(3)).matches(ProcessState::exists, "etcdctl runs");
                assertThat(folder).isDirectory();
                GuardedProcess.signal(jvm, end);
            }
            await().atMost(SOON).until(() -> !jvm.isAlive());
            await().atMost(SOON).until(() -> pids.stream().noneMatch(ProcessState::exists));
            await().atMost(SOON).until(() -> !Files.exists(folder));
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void close_leavesNoProcessAndNoFile() {
        EtcdProcess etcd = EtcdProcess.builder().members(3).shortElection().start();
        List<Process> members = etcd.members().stream().map(etcd::process).toList();
        Process watching = etcd.etcdctlProcess("watch", "key");
        etcd.member(0).pause();
        assertThat(etcd.folder()).isDirectory();

        etcd.close();

        assertThat(members).noneMatch(Process::isAlive);
        assertThat(watching.isAlive()).isFalse();
        assertThat(etcd.folder()).doesNotExist();
        etcd.close();
    }
}
