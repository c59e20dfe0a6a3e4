/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.bytes;
import static dev.consort.election.Peer.now;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.election.LeaderElection.Leader;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.election.CampaignResponse;
import io.etcd.jetcd.election.LeaderResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** One election among this code, {@code etcdctl elect} and etcd's Election service: in turn, and never two at once. */
@Execution(ExecutionMode.CONCURRENT)
class ElectionInteropIT {
    private static final int ROUNDS = 5; // two hand-overs each

    private final String name = Peer.newName();
    private Peer peer;

    @BeforeEach
    void join() {
        peer = Peer.join();
    }

    @AfterEach
    void leave() {
        peer.close();
    }

    @Test
    void etcdctlElect_tenHandOvers_noneOverlap() throws Exception {
        LeaderElection election = peer.election(name);
        Sightings observed = new Sightings();
        now(election.observe(observed).ready().toCompletableFuture());
        Leadership ours = election.campaign("java");
        long lastTerm = ours.token().revision();
        for (int round = 0; round < ROUNDS; round++) {
            try (Candidate theirs = new Candidate(name, "ctl" + round)) {
                await().until(() -> peer.claims(name).size() == 2);
                assertThat(theirs.isElected()).isFalse();
                assertThat(ours.isHeld()).isTrue();
                assertThat(election.leader()).map(Leader::value).contains("java");
                assertThat(ours.resign()).isTrue();

                await().until(theirs::isElected);
                Leader seen = election.leader().orElseThrow();
                assertThat(seen.value()).isEqualTo("ctl" + round);
                assertThat(seen.term()).isGreaterThan(lastTerm);

                CompletableFuture<Leadership> waiting = election.campaignAsync("java");
                await().until(() -> peer.claims(name).size() == 2);
                assertThat(waiting).isNotDone();
                assertThat(election.leader()).map(Leader::value).contains("ctl" + round);
                theirs.resign();
                ours = now(waiting);
                assertThat(ours.token().revision()).isGreaterThan(seen.term());
                lastTerm = ours.token().revision();
            }
        }
        ours.close();
        await().untilAsserted(() -> assertThat(observed.values())
                .containsExactly(
                        "-", "java", "ctl0", "java", "ctl1", "java", "ctl2", "java", "ctl3", "java", "ctl4", "java",
                        "-"));
        observed.assertNeverWentBack();
    }

    @Test
    void etcdctlElectListen_seesOurLeader() throws Exception {
        try (Leadership ours = peer.election(name).campaign("java")) {
            Process listener = Peer.etcd().etcdctlProcess("elect", "--listen", name);
            BlockingQueue<String> lines = linesOf(listener);
            await().until(() -> lines.contains("java"));
            assertThat(ours.proclaim("new")).isTrue();
            await().until(() -> lines.contains("new"));
            listener.destroyForcibly();
        }
    }

    @Test
    void electionService_tenHandOvers_noneOverlap() throws Exception {
        LeaderElection election = peer.election(name);
        Sightings observed = new Sightings();
        now(election.observe(observed).ready().toCompletableFuture());
        Leadership ours = election.campaign("java");
        try (Client client =
                Client.builder().endpoints(Peer.etcd().endpoints().get(0)).build()) {
            Election service = client.getElectionClient();
            for (int round = 0; round < ROUNDS; round++) {
                long lease = now(client.getLeaseClient().grant(60)).getID();
                CompletableFuture<CampaignResponse> theirs =
                        service.campaign(bytes(name), lease, bytes("service" + round));
                await().until(() -> peer.claims(name).size() == 2);
                assertThat(theirs).isNotDone();
                assertThat(leaderByService(service)).isEqualTo("java");
                assertThat(ours.proclaim("java" + round)).isTrue();
                assertThat(leaderByService(service)).isEqualTo("java" + round);
                assertThat(ours.resign()).isTrue();

                CampaignResponse elected = now(theirs);
                Leader seen = election.leader().orElseThrow();
                assertThat(seen.value()).isEqualTo("service" + round);
                assertThat(seen.term()).isEqualTo(elected.getLeader().getRevision());
                assertThat(seen.leaseId()).isEqualTo(lease);

                CompletableFuture<Leadership> waiting = election.campaignAsync("java");
                await().until(() -> peer.claims(name).size() == 2);
                var proclaimed = now(service.proclaim(elected.getLeader(), bytes("proclaimed" + round)));
                assertThat(proclaimed.getHeader().getRevision()).isPositive();
                assertThat(election.leader()).map(Leader::value).contains("proclaimed" + round);
                assertThat(waiting).isNotDone();
                var resigned = now(service.resign(elected.getLeader()));
                assertThat(resigned.getHeader().getRevision()).isPositive();
                ours = now(waiting);
                assertThat(ours.token().revision()).isGreaterThan(seen.term());
            }
        }
        ours.close();
        List<String> expected = new ArrayList<>(List.of("-", "java"));
        for (int round = 0; round < ROUNDS; round++) {
            expected.addAll(List.of("java" + round, "service" + round, "proclaimed" + round, "java"));
        }
        expected.add("-");
        await().untilAsserted(() -> assertThat(observed.values()).isEqualTo(expected));
        observed.assertNeverWentBack();
    }

    /** The reverse: who observes by the service sees our leaders, and what they proclaim. */
    @Test
    void electionServiceObserve_seesOurLeaders() throws Exception {
        BlockingQueue<String> values = new LinkedBlockingQueue<>();
        try (Client client =
                Client.builder().endpoints(Peer.etcd().endpoints().get(0)).build()) {
            client.getElectionClient().observe(bytes(name), new Election.Listener() {
                @Override
                public void onNext(LeaderResponse response) {
                    values.add(response.getKv().getValue().toString(UTF_8));
                }

                @Override
                public void onError(Throwable why) {
                    values.add(why.toString());
                }

                @Override
                public void onCompleted() {
                    values.add("completed");
                }
            });
            Leadership first = peer.election(name).campaign("first");
            await().until(() -> values.contains("first"));
            assertThat(first.proclaim("proclaimed")).isTrue();
            await().until(() -> values.contains("proclaimed"));
            first.close();
            Leadership second = peer.election(name).campaign("second");
            await().until(() -> values.contains("second"));
            assertThat(values).containsExactly("first", "proclaimed", "second");
            second.close();
        }
    }

    @Test
    void electionService_candidateDies_nextOfOursLeads() throws Exception {
        try (Client client =
                Client.builder().endpoints(Peer.etcd().endpoints().get(0)).build()) {
            long lease = now(client.getLeaseClient().grant(60)).getID();
            var elected = now(client.getElectionClient().campaign(bytes(name), lease, bytes("mortal")));
            assertThat(elected.getLeader().getRevision()).isPositive();
            CompletableFuture<Leadership> waiting = peer.election(name).campaignAsync("java");
            await().until(() -> peer.claims(name).size() == 2);
            peer.revoke(lease);
            now(waiting).close();
        }
    }

    /** Byte for byte the layout that Go programs use. */
    @Test
    void claim_inEtcd_isLaidOutAsGosIs() throws Exception {
        try (Leadership ours = peer.election(name).campaign("java")) {
            List<KeyValue> claims = peer.claims(name);
            assertThat(claims).hasSize(1);
            assertThat(claims.get(0).getKey().toString(UTF_8))
                    .isEqualTo(name + "/" + Long.toString(peer.session.leaseId(), 16));
            assertThat(claims.get(0).getValue().toString(UTF_8)).isEqualTo("java");
            assertThat(claims.get(0).getLease()).isEqualTo(peer.session.leaseId());
            assertThat(claims.get(0).getCreateRevision()).isEqualTo(ours.token().revision());
        }
    }

    private String leaderByService(Election service) {
        return now(service.leader(bytes(name))).getKv().getValue().toString(UTF_8);
    }

    private static BlockingQueue<String> linesOf(Process process) {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add(e.toString());
            }
        });
        reader.setDaemon(true);
        reader.start();
        return lines;
    }

    /** A running {@code etcdctl elect}, which prints its key and its value when elected. */
    private static final class Candidate implements AutoCloseable {
        private final Process process;
        private final BlockingQueue<String> lines;
        private final String value;

        Candidate(String name, String value) {
            this.value = value;
            process = Peer.etcd().etcdctlProcess("elect", name, value);
            lines = linesOf(process);
        }

        boolean isElected() {
            return lines.contains(value);
        }

        /** As by Ctrl-C: it resigns on that signal only. */
        void resign() throws IOException, InterruptedException {
            String pid = Long.toString(process.pid());
            Process kill = new ProcessBuilder("sh", "-c", "kill -s INT " + pid).start();
            assertThat(kill.waitFor()).isZero();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
