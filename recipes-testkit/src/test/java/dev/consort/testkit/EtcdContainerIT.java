/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;

/** Runs wherever Docker answers. Elsewhere it is skipped: the one skip that tools/verify-report allows, by this reason. */
@Timeout(60)
class EtcdContainerIT {
    @BeforeAll
    static void dockerAnswers() {
        EtcdContainer.unavailable().ifPresent(Assumptions::abort);
    }

    @Test
    void oneMember_keepsEndpointAndDataThroughPauseKillAndRestart() throws ExecutionException, InterruptedException {
        ByteSequence key = ByteSequence.from("key", StandardCharsets.UTF_8);
        EtcdMember member;
        try (EtcdContainer etcd = EtcdContainer.builder().shortElection().start();
                Client client =
                        Client.builder().endpoints(etcd.endpoints().get(0)).build()) {
            member = etcd.member(0);
            client.getKVClient().put(key, key).get();
            assertThat(etcd.endpoints()).containsExactly(member.endpoint());
            assertThat(etcd.leader()).isZero();
            assertThat(etcd.etcdctl("get", "key", "--print-value-only")).isEqualTo("key\n");
            assertThat(etcd.etcdctl("member", "list")).contains(member.endpoint());
            assertThatExceptionOfType(EtcdProcessException.class)
                    .isThrownBy(() -> etcd.etcdctl("no-such-command"))
                    .withMessageContainingAll("no-such-command", "status");

            member.pause();
            assertThat(member.isPaused()).isTrue();
            assertThat(MemberProbe.answers(ClusterAccess.OPEN, member.endpoint()))
                    .isFalse();
            member.resume();
            await().until(() ->
                    MemberProbe.answers(ClusterAccess.OPEN, member(etcd).endpoint()));

            member.pause();
            member.kill();
            assertThat(member.isAlive()).isFalse();
            member.kill();
            assertThatIllegalStateException().isThrownBy(member::pause);
            assertThatIllegalStateException().isThrownBy(() -> etcd.etcdctl("get", "key"));
            member.restart();

            assertThat(client.getKVClient().get(key).get().getCount()).isEqualTo(1);
            assertThat(String.join("\n", member.log(1_000))).contains("etcd");
        }
        assertThat(member.isAlive()).isFalse();
        assertThatIllegalStateException().isThrownBy(member::restart);
        assertThat(ours()).isEmpty();
    }

    private static EtcdMember member(EtcdContainer etcd) {
        return etcd.member(0);
    }

    @Test
    void threeMembers_anotherLeadsWhenTheLeaderIsKilled() {
        try (EtcdContainer etcd =
                EtcdContainer.builder().members(3).shortElection().start()) {
            assertThat(etcd.endpoints()).hasSize(3).doesNotHaveDuplicates();
            int first = etcd.leader();
            etcd.member(first).kill();
            assertThat(etcd.leader()).isNotEqualTo(first);
            assertThat(etcd.etcdctl("put", "key", "value")).isEqualTo("OK\n");
            etcd.member(first).restart();
            assertThat(MemberProbe.answers(
                            ClusterAccess.OPEN, etcd.member(first).endpoint()))
                    .isTrue();
        }
        assertThat(ours()).isEmpty();
    }

    @Test
    void start_argumentsThatEtcdRefuses_saysWhatItLoggedAndLeavesNothing() {
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> EtcdContainer.builder()
                        .arguments("--no-such-flag")
                        .start()
                        .close())
                .withMessageContaining("no-such-flag");
        assertThat(ours()).isEmpty();
    }

    @Test
    void start_imageThatCannotBeHad_namesItAndTheProperty() {
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> EtcdContainer.builder()
                        .image("localhost:1/no-such/image:1")
                        .start()
                        .close())
                .withMessageContainingAll("localhost:1/no-such/image:1", "consort.etcd.image");
    }

    /** The containers of this JVM that are there, running or not. */
    private static List<String> ours() {
        return DockerClientFactory.instance()
                .client()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(List.of(
                        DockerClientFactory.TESTCONTAINERS_SESSION_ID_LABEL + "=" + DockerClientFactory.SESSION_ID))
                .exec()
                .stream()
                .map(container -> container.getImage())
                .filter(image -> !image.contains("ryuk"))
                .toList();
    }
}
