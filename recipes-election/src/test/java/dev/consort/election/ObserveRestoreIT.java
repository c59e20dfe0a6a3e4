/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.EtcdProcess;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S18: etcd is restored from a backup under an observer. */
@Execution(ExecutionMode.CONCURRENT)
class ObserveRestoreIT {
    private final String name = Peer.newName();
    private final Sightings seen = new Sightings();

    /** The leader of the backup is a leader again until somebody ends its lease, and its term is an earlier one. */
    @Test
    void observer_isToldTheLeaderOfTheBackupAndThoseWhoFollow(@TempDir Path folder) throws InterruptedException {
        try (EtcdProcess etcd =
                        EtcdProcess.builder().shortElection().unsafeNoFsync().start();
                Peer leading = Peer.through(etcd.endpoints().get(0), Peer.LONG);
                Peer watching = Peer.through(etcd.endpoints().get(0), Peer.LONG);
                Observation observation = watching.election(name).observe(seen)) {
            now(observation.ready().toCompletableFuture());
            String key = leading.key(name);
            leading.put(key, "older"); // nobody's session: it is not revoked when the restore is noticed
            await().until(() -> seen.last().equals("older"));
            Path backup = folder.resolve("backup");
            etcd.snapshot(backup);
            leading.delete(key);
            leading.election(name).campaign("younger");
            await().until(() -> seen.last().equals("younger"));
            for (int i = 0; i < 20; i++) {
                leading.put("filler", name);
            }

            etcd.restore(backup);

            await().until(() -> seen.last().equals("older"));
            assertThat(etcd.etcdctl("del", key)).isEqualToIgnoringNewLines("1");
            await().until(() -> seen.last().equals("-"));
            try (Peer next = Peer.through(etcd.endpoints().get(0), Peer.LONG)) {
                next.election(name).campaign("next").close();
            }
            await().untilAsserted(() ->
                    assertThat(seen.values()).containsExactly("-", "older", "-", "younger", "older", "-", "next", "-"));
            assertThat(observation.isCurrent()).isTrue();
        }
    }
}
