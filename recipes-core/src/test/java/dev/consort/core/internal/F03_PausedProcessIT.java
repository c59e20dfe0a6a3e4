/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F03: a process that was paused goes on writing when it wakes. */
@Execution(ExecutionMode.CONCURRENT)
class F03_PausedProcessIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** What runs in the process that is stopped: a holder that does as it is told on standard input. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            String name = arguments[1];
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try (Connection connection = Connection.to(arguments[0]).open();
                    Session session = Session.builder(connection)
                            .ttl(Duration.ofSeconds(2))
                            .open()) {
                EtcdGrant grant = new Acquirer<EtcdGrant>(EtcdSession.of(session), it -> it).acquire(Party.spec(name));
                System.out.println("held " + grant.token());
                while (in.readLine() != null) {
                    boolean held = grant.isHeld();
                    boolean written =
                            grant.guard().txn().put(name + "-data", "stale").commit();
                    System.out.println("isHeld " + held + ", written " + written + ", state " + session.state()
                            + ", released " + grant.release());
                }
            }
        }
    }

    /** S2, with SIGSTOP. */
    @Test
    void stoppedProcess_writesNothingWhenItGoesOn() throws Exception {
        String name = Parties.name();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        SharedEtcd.server().endpoints().get(0),
                        name)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
                PrintWriter in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true)) {
            String held = line(out);
            assertThat(held).startsWith("held ");
            signal(process, "STOP");
            EtcdGrant next = get(parties.join().acquireAsync(name));
            assertThat(next.token().toLong()).isGreaterThan(Long.parseLong(held.substring("held ".length())));
            assertThat(next.guard().txn().put(name + "-data", "fresh").commit()).isTrue();
            in.println("write");
            signal(process, "CONT");
            assertThat(line(out)).isEqualTo("isHeld false, written false, state LOST, released false");
            assertThat(operator.value(name + "-data")).isEqualTo("fresh");
            assertThat(next.isHeld()).isTrue();
        } finally {
            process.destroyForcibly();
            process.waitFor(10, TimeUnit.SECONDS);
        }
    }

    private static String line(BufferedReader out) {
        return get(CompletableFuture.supplyAsync(() -> {
            try {
                return String.valueOf(out.readLine());
            } catch (IOException e) {
                return e.toString();
            }
        }));
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    /** S2: nothing but the clock tells it, and the first call already does. */
    @Test
    void pauseBeyondTheTtl_isSeenByTheFirstCall() throws InterruptedException {
        JumpingTiming timing = new JumpingTiming();
        Party party = parties.join(settings -> settings.timing(timing));
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        EtcdGrant untouched = party.acquire(Parties.name());
        long txns = party.log.counts().unaryCalls("KV/Txn");
        timing.jump(Duration.ofSeconds(10));
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.guard().txn().put(name + "-data", "stale").commit()).isFalse();
        assertThat(party.log.counts().unaryCalls("KV/Txn")).isEqualTo(txns);
        assertThat(untouched.release()).isFalse();
        assertThat(outcome(grant.lost())).isEqualTo(LossReason.EXPIRED);
        assertThat(party.session.state()).isEqualTo(SessionState.LOST);
    }

    /** A waiter that slept through its session's end is not granted by a message that waited for it. */
    @Test
    void pauseOfAWaiter_beyondTheTtl_grantsItNothing() throws InterruptedException {
        JumpingTiming timing = new JumpingTiming();
        Party holder = parties.join();
        Party sleeper = parties.join(settings -> settings.timing(timing));
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = sleeper.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        timing.jump(Duration.ofSeconds(10));
        grant.close();
        assertThat(Waits.failure(waiting))
                .isInstanceOf(SessionLostException.class)
                .hasMessageContaining("its session was lost (EXPIRED)");
    }

    /** S3 */
    @Test
    void pauseWithinTheTtl_isALateRenewalOnly() throws InterruptedException {
        JumpingTiming timing = new JumpingTiming();
        Party party = parties.join(settings -> settings.timing(timing).ttl(4));
        EtcdGrant grant = party.acquire(Parties.name());
        timing.jump(Duration.ofMillis(1500));
        assertThat(grant.isHeld()).isTrue();
        soon(() -> {
            assertThat(party.session.remaining()).isGreaterThan(Duration.ofSeconds(3));
            assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE); // told a moment after the time is known
        });
        assertThat(grant.release()).isTrue();
    }

    /** S25, F04: the wall clock is for people. */
    @Test
    void wallClockJumps_changeNothing() throws InterruptedException {
        JumpingTiming timing = new JumpingTiming();
        Party party = parties.join(settings -> settings.timing(timing).ttl(3));
        EtcdGrant grant = party.acquire(Parties.name());
        for (Duration jump : new Duration[] {Duration.ofHours(-2), Duration.ofHours(4)}) {
            timing.jumpWallClock(jump);
            Waits.pass(Duration.ofMillis(2500));
            assertThat(party.session.state()).isNotEqualTo(SessionState.LOST);
            assertThat(grant.isHeld()).isTrue();
        }
    }
}
