/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.election.LeaderElection.Leader;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F03: a leader that was paused longer than its TTL goes on writing when it wakes (S2, S29). */
@Execution(ExecutionMode.CONCURRENT)
class F03_PausedLeaderWritesNothingIT {
    private final String name = Peer.newName();
    private final String register = "registers/" + name;

    @Test
    void processStopped_wakesAfterAnotherLeads_itsWritesAreRefused() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PausedLeader.class.getName(),
                        Peer.etcd().endpoints().get(0),
                        name,
                        register)
                .redirectError(Redirect.DISCARD)
                .start();
        try (Peer two = Peer.join();
                BufferedReader said = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
                Writer tell = process.outputWriter(UTF_8)) {
            Sightings seen = new Sightings();
            Observation observation = two.election(name).observe(seen);
            String leads = said.readLine();
            assertThat(leads).startsWith("leads ");
            long pausedTerm = Long.parseLong(leads.substring("leads ".length()));
            say(tell, "before");
            assertThat(said.readLine()).isEqualTo("before held=true written=true proclaimed=true");

            signal(process, "STOP");
            try (Leadership next = two.election(name).campaign("next")) {
                assertThat(next.token().revision()).isGreaterThan(pausedTerm);
                assertThat(next.guard().txn().put(register, "next").commit()).isTrue();
                say(tell, "late"); // what it finds first when it goes on
                signal(process, "CONT");
                assertThat(said.readLine()).isEqualTo("late held=false written=false proclaimed=false");
                assertThat(two.get(register)).isEqualTo("next");
                assertThat(two.election(name).leader()).map(Leader::value).contains("next");
                assertThat(next.isHeld()).isTrue();
                // S29: whatever it proclaims, no observer sees it again.
                assertThat(next.proclaim("last")).isTrue();
                await().until(() -> seen.last().equals("last"));
                assertThat(seen.values())
                        .endsWith("paused", "before", "next", "last")
                        .doesNotContain("late");
                seen.assertNeverWentBack();
            }
            observation.close();
        } finally {
            process.destroyForcibly();
        }
    }

    /** The write was sent while it led, and lands when it does not: the guard stops it in etcd. */
    @Test
    void guardedWrite_landsAfterAnotherLeads_refusedByEtcd() throws Exception {
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leadership = one.election(name).campaign("first");
            CallFault late = one.faults
                    .next(CallMatcher.method("KV/Txn")
                            .when(
                                    TxnRequest.class,
                                    txn -> txn.getSuccessList().stream()
                                            .anyMatch(op -> op.getRequestPut()
                                                    .getKey()
                                                    .toStringUtf8()
                                                    .equals(register))))
                    .hold();
            CompletableFuture<Boolean> write =
                    leadership.guard().txn().put(register, "late").commitAsync();
            now(late.hit());
            two.revoke(one.session.leaseId());
            try (Leadership next = two.election(name).campaign("next")) {
                assertThat(next.guard().txn().put(register, "next").commit()).isTrue();
                late.release();
                assertThat(now(write)).isFalse();
                assertThat(two.get(register)).isEqualTo("next");
            }
        }
    }

    private static void say(Writer tell, String line) throws IOException {
        tell.write(line + "\n");
        tell.flush();
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("sh", "-c", "kill -s " + signal + " " + process.pid()).start();
        assertThat(kill.waitFor()).isZero();
    }
}
