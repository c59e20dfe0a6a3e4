/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EtcdProcessIT {
    private static EtcdProcess one() {
        return EtcdProcess.builder().shortElection().start();
    }

    private static EtcdProcess three() {
        return EtcdProcess.builder().members(3).shortElection().start();
    }

    @Test
    void start_oneMember_answers() {
        try (EtcdProcess etcd = EtcdProcess.start()) {
            assertThat(etcd.endpoints()).singleElement().asString().matches("http://127\\.0\\.0\\.1:\\d+");
            assertThat(etcd.leader()).isZero();
            assertThat(etcd.etcdctl("put", "key", "value")).isEqualTo("OK\n");
            assertThat(etcd.etcdctl("get", "key")).isEqualTo("key\nvalue\n");
            assertThat(etcd.version()).matches("3\\.\\d+\\.\\d+.*");
            assertThat(etcd.etcdctl("endpoint", "status")).contains(etcd.version());
        }
    }

    @Test
    void kill_ofTheLeader_anotherLeadsAndTheRestartedOneHasTheData() {
        try (EtcdProcess etcd = three()) {
            int first = etcd.leader();
            etcd.etcdctl("put", "before", "1");

            etcd.member(first).kill();

            assertThat(etcd.member(first).isAlive()).isFalse();
            assertThat(etcd.leader()).isNotEqualTo(first);
            String survivor = "--endpoints=" + etcd.member(etcd.leader()).endpoint();
            etcd.etcdctl(survivor, "put", "meanwhile", "2");

            etcd.member(first).restart();

            assertThat(etcd.member(first).isAlive()).isTrue();
            String restarted = "--endpoints=" + etcd.member(first).endpoint();
            assertThat(etcd.etcdctl(restarted, "get", "before", "--print-value-only"))
                    .isEqualTo("1\n");
            assertThat(etcd.etcdctl(restarted, "get", "meanwhile", "--print-value-only"))
                    .isEqualTo("2\n");
        }
    }

    @Test
    void pause_ofTheLeader_anotherLeadsUntilItGoesOnAsAFollower() {
        // Not the short one: on a busy machine a third might lead by the end.
        try (EtcdProcess etcd = EtcdProcess.builder()
                .members(3)
                .electionTimeout(Duration.ofMillis(500))
                .start()) {
            EtcdMember first = etcd.member(etcd.leader());

            first.pause();

            assertThat(first.isPaused()).isTrue();
            assertThat(first.isAlive()).isTrue();
            await().until(() -> ProcessState.state(etcd.process(first).pid()), state -> state == 'T' || state == '?');
            assertThat(MemberProbe.answers(ClusterAccess.OPEN, first.endpoint()))
                    .isFalse();
            int second = etcd.leader();
            assertThat(second).isNotEqualTo(first.index());

            first.resume();

            assertThat(first.isPaused()).isFalse();
            await().until(() -> MemberProbe.answers(ClusterAccess.OPEN, first.endpoint()));
            assertThat(etcd.leader()).isEqualTo(second);
        }
    }

    @Test
    void restart_ofAllMembersOneByOne_doesNotWaitForAMajorityThatIsNotThere() {
        try (EtcdProcess etcd = three()) {
            etcd.etcdctl("put", "key", "value");
            etcd.members().forEach(EtcdMember::kill);
            assertThat(etcd.members()).noneMatch(EtcdMember::isAlive);

            etcd.members().forEach(EtcdMember::restart);

            assertThat(etcd.etcdctl("get", "key", "--print-value-only")).isEqualTo("value\n");
        }
    }

    @Test
    void pauseAndResume_ofAMemberThatHasGone_areRefused() {
        try (EtcdProcess etcd = one()) {
            etcd.member(0).kill();
            etcd.member(0).kill();
            assertThatIllegalStateException().isThrownBy(etcd.member(0)::pause);
            assertThatIllegalStateException().isThrownBy(etcd.member(0)::resume);
        }
    }

    @Test
    void restart_afterClose_isRefused() {
        EtcdProcess etcd = one();
        etcd.close();
        assertThatIllegalStateException().isThrownBy(etcd.member(0)::restart);
    }

    @Test
    void start_memberEndsByItself_failsWithItsLastWords() {
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(EtcdProcess.builder().arguments("--no-such-flag")::start)
                .withMessageContaining("ended by itself")
                .withMessageContaining("no-such-flag");
    }

    @Test
    void start_programThatIsNoEtcd_fails() {
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(EtcdProcess.builder().binary(Path.of("/bin/sh"))::start);
    }

    @Test
    void etcdctl_fails_errorHasStandardErrorAndStatus() {
        try (EtcdProcess etcd = one()) {
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.etcdctl("get", "--no-such-flag"))
                    .withMessageContaining("ended with status")
                    .withMessageContaining("unknown flag: --no-such-flag");
        }
    }

    @Test
    void etcdctl_takesTooLong_fails() {
        try (EtcdProcess etcd = one();
                Etcdctl impatient = new Etcdctl(
                        EtcdBinary.find(),
                        ClusterAccess.OPEN,
                        etcd.endpoints(),
                        etcd.folder(),
                        Duration.ofMillis(300))) {
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> impatient.run(List.of("watch", "taking-too-long")))
                    .withMessageContaining("longer than 300 ms");
            assertThat(ProcessHandle.current().children())
                    .noneMatch(child -> child.info().commandLine().orElse("").contains(" watch taking-too-long"));
        }
    }

    @Test
    void etcdctlProcess_locks_untilItIsDestroyed() throws IOException, InterruptedException {
        try (EtcdProcess etcd = one()) {
            Process first = etcd.etcdctlProcess("lock", "name");
            try (BufferedReader reader = first.inputReader(StandardCharsets.UTF_8)) {
                assertThat(reader.readLine()).startsWith("name/");
                assertThat(etcd.etcdctl("get", "name/", "--prefix", "--keys-only"))
                        .startsWith("name/");

                assertThat(first.toHandle().destroy()).isTrue();

                assertThat(first.waitFor(5, TimeUnit.SECONDS)).isTrue();
                assertThat(etcd.etcdctl("get", "name/", "--prefix", "--keys-only"))
                        .isEmpty();
            }
        }
    }

    @Test
    void quotaBytes_exceeded_raisesNoSpace() {
        try (EtcdProcess etcd = EtcdProcess.builder().quotaBytes(1).start()) {
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.etcdctl("put", "key", "x".repeat(100_000)))
                    .withMessageContaining("database space exceeded");
        }
    }

    @Test
    void electionTimeout_isPassedOn_withATenthAsHeartbeat() {
        try (EtcdProcess etcd =
                EtcdProcess.builder().electionTimeout(Duration.ofMillis(300)).start()) {
            assertThat(String.join("\n", etcd.member(0).log(200)))
                    .containsPattern("election\\W.{0,20}300ms")
                    .containsPattern("heartbeat\\W.{0,20}30ms");
        }
    }

    @Test
    void unsafeNoFsync_isPassedOnWhereTheVersionHasIt() {
        try (EtcdProcess etcd =
                EtcdProcess.builder().shortElection().unsafeNoFsync().start()) {
            boolean hasIt = !etcd.version().startsWith("3.4.");
            // A system that does not tell the command line has nothing to check.
            etcd.process(etcd.member(0))
                    .info()
                    .commandLine()
                    .ifPresent(line ->
                            assertThat(line.contains("--unsafe-no-fsync")).isEqualTo(hasIt));
            assertThat(etcd.etcdctl("put", "key", "value")).isEqualTo("OK\n");
        }
    }

    @Test
    void builder_valuesOutOfRange_areRefused() {
        EtcdProcessBuilder builder = EtcdProcess.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.members(0))
                .withMessageContaining("0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.quotaBytes(0))
                .withMessageContaining("0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.electionTimeout(Duration.ofMillis(49)))
                .withMessageContaining("PT0.049S");
    }

    @Test
    void restore_bringsTheOldStateBackUnderTheSameClusterId(@TempDir Path folder) {
        Path backup = folder.resolve("backup");
        try (EtcdProcess etcd = three()) {
            String before = header(etcd, "cluster_id");
            etcd.etcdctl("put", "kept", "1");
            etcd.snapshot(backup);
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.snapshot(backup))
                    .withMessageContaining("not overwriting");
            long saved = Long.parseLong(header(etcd, "revision"));
            etcd.etcdctl("put", "kept", "2");
            etcd.etcdctl("put", "gone", "3");

            etcd.restore(backup);

            assertThat(etcd.etcdctl("get", "", "--from-key", "--print-value-only"))
                    .isEqualTo("1\n");
            assertThat(header(etcd, "revision"))
                    .as(() -> "what has changed since: " + changes(etcd, saved + 1))
                    .isEqualTo(Long.toString(saved));
            assertThat(header(etcd, "cluster_id")).isEqualTo(before);
            etcd.etcdctl("put", "new", "4");
            etcd.member(0).restart();
            assertThat(etcd.etcdctl("get", "new", "--print-value-only")).isEqualTo("4\n");
        }
    }

    @Test
    void restore_ofWhatIsNoBackup_saysSo(@TempDir Path folder) {
        try (EtcdProcess etcd = one()) {
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.restore(folder.resolve("none")))
                    .withMessageContainingAll("snapshot restore", "none");
        }
    }

    @Test
    void replaceByAnotherCluster_isEmptyAndHasAnotherId() {
        try (EtcdProcess etcd = one()) {
            String before = header(etcd, "cluster_id");
            etcd.etcdctl("put", "key", "1");

            etcd.replaceByAnotherCluster();

            assertThat(etcd.etcdctl("get", "", "--from-key")).isEmpty();
            assertThat(header(etcd, "cluster_id")).isNotEqualTo(before);
        }
    }

    /** For whoever has to find out who wrote where nobody should. */
    private static String changes(EtcdProcess etcd, long from) {
        Process watch = etcd.etcdctlProcess("watch", "", "--from-key", "--rev=" + from, "--write-out=fields");
        try (InputStream output = watch.getInputStream()) {
            boolean unused = watch.waitFor(2, TimeUnit.SECONDS); // it goes on
            watch.destroyForcibly();
            return new String(output.readAllBytes(), UTF_8);
        } catch (IOException | InterruptedException e) {
            return e.toString();
        }
    }

    private static String header(EtcdProcess etcd, String field) {
        String json = etcd.etcdctl("get", "-", "--write-out=json");
        Matcher matcher = Pattern.compile("\"" + field + "\":(\\d+)").matcher(json);
        assertThat(matcher.find()).as(json).isTrue();
        return matcher.group(1);
    }
}
