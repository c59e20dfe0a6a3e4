/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class GuardedProcessTest {
    @TempDir
    Path folder;

    private Process start(String... command) throws IOException {
        return GuardedProcess.start(folder, List.of(command), Map.of("KIT", "1"), Redirect.PIPE, Redirect.DISCARD);
    }

    @Test
    void start_isTheCommandItself() throws IOException, InterruptedException {
        Process process = start("sh", "-c", "echo $$ $KIT $(pwd); exit 7");
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(reader.readLine()).isEqualTo(process.pid() + " 1 " + folder.toRealPath());
        }
        assertThat(process.waitFor()).isEqualTo(7);
    }

    @Test
    void dropSettings_removesThoseOfTheDevelopersOwnEtcd() {
        Map<String, String> environment =
                new HashMap<>(Map.of("ETCD_NAME", "mine", "ETCDCTL_ENDPOINTS", "prod", "PATH", "/bin"));
        GuardedProcess.dropSettings(environment);
        assertThat(environment).containsOnlyKeys("PATH");
    }

    @Test
    void start_hasNoSettingsOfTheDevelopersOwnEtcd() throws IOException {
        Process process = start("env");
        String environment = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(environment).contains("KIT=1").doesNotContain("ETCD_").doesNotContain("ETCDCTL_");
    }

    @RepeatedTest(5)
    void end_rightAfterTheStart_kills() throws IOException {
        Process process = start("sleep", "60");
        assertThat(GuardedProcess.end(process)).isTrue();
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void end_ofAStoppedProcessWithAChild_killsBoth() throws IOException {
        Process process = start("sh", "-c", "sleep 60 & echo $!; wait");
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            long child = Long.parseLong(reader.readLine());
            GuardedProcess.signal(process, "STOP");

            assertThat(GuardedProcess.end(process)).isTrue();

            // Without setsid the child is not in a group of its own, which the documentation says.
            if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
                await().until(() -> !ProcessState.exists(child));
            }
        }
    }

    @Test
    void signal_noSuchProcess_fails() throws IOException, InterruptedException {
        Process process = start("true");
        assertThat(process.waitFor()).isZero();
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> GuardedProcess.signal(process, "STOP"))
                .withMessageContaining("SIGSTOP");
    }

    @Test
    void scratchFolder_closed_isRemovedWithItsContents() throws IOException {
        ScratchFolder scratch = ScratchFolder.create();
        Files.writeString(scratch.subfolder("sub").resolve("file"), "text");
        assertThat(scratch.path()).isDirectory();
        scratch.close();
        assertThat(scratch.path()).doesNotExist();
    }
}
