/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** S16, fifty times: any member is killed, paused or silent for longer than a session can live without a renewal. */
@Tag("long")
@Timeout(1200)
class StruckMemberIT {
    private static final int TRIALS = 50;
    private static final int SESSIONS = 6;
    private static final long TTL = 5;
    private static final Duration OUTAGE = Duration.ofMillis(5500);

    @RegisterExtension
    final Parties parties = new Parties();

    private final EtcdProcess etcd =
            EtcdProcess.builder().members(3).unsafeNoFsync().start();
    private final List<FaultProxy> proxies =
            etcd.endpoints().stream().map(FaultProxy::to).toList();
    private final AtomicLong longestRisk = new AtomicLong();
    private final AtomicLong risks = new AtomicLong();

    @AfterEach
    void end() {
        proxies.forEach(FaultProxy::close);
        etcd.close();
    }

    private enum Fault {
        KILLED,
        PAUSED,
        SILENT
    }

    /** A session that works through all trials, and its grant. */
    private final class Worker {
        final Party party =
                parties.join(proxies.stream().map(FaultProxy::endpoint).toList(), settings -> settings.ttl(TTL));
        final EtcdGrant held;
        private final AtomicLong riskSince = new AtomicLong();

        Worker() throws InterruptedException {
            held = party.acquire(Parties.name());
            party.session.onState(state -> {
                if (state == SessionState.AT_RISK) {
                    riskSince.set(System.nanoTime());
                    risks.incrementAndGet();
                } else if (riskSince.get() != 0) {
                    longestRisk.accumulateAndGet(System.nanoTime() - riskSince.getAndSet(0), Math::max);
                }
            });
        }

        boolean isLost() {
            return party.session.state() == SessionState.LOST;
        }
    }

    private void strike(Fault fault, int member) {
        switch (fault) {
            case KILLED -> etcd.member(member).kill();
            case PAUSED -> etcd.member(member).pause();
            case SILENT -> proxies.get(member).stopForwarding();
        }
    }

    private void heal(Fault fault, int member) {
        switch (fault) {
            case KILLED -> etcd.member(member).restart();
            case PAUSED -> etcd.member(member).resume();
            case SILENT -> proxies.get(member).resumeForwarding();
        }
    }

    @Test
    void anyMember_struckFiftyTimes_losesNoSession() throws InterruptedException {
        List<Worker> workers = new ArrayList<>();
        List<String> losses = new ArrayList<>();
        List<String> unexplained = new ArrayList<>();
        int replacements = 0;
        long slowest = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            while (workers.size() < SESSIONS) {
                workers.add(new Worker());
                replacements++;
            }
            Fault fault = Fault.values()[trial % 3];
            boolean leads = trial / 3 % 2 == 0;
            int member = (etcd.leader() + (leads ? 0 : 1 + trial % 2)) % 3;
            strike(fault, member);
            long struck = System.nanoTime();
            EtcdGrant fresh = get(workers.get(0).party.acquireAsync(Parties.name()));
            slowest = Math.max(slowest, System.nanoTime() - struck);
            Duration left = OUTAGE.minus(since(struck));
            Waits.pass(left.isNegative() ? Duration.ZERO : left);
            heal(fault, member);
            soon(() -> assertThat(workers)
                    .allMatch(worker -> worker.party.session.state() == SessionState.ACTIVE || worker.isLost()));
            Waits.pass(Duration.ofMillis(500)); // an old leader that resumes revokes what it takes for expired
            for (Worker worker : List.copyOf(workers)) {
                if (worker.isLost()) {
                    LossReason why = outcome(worker.party.session.lost());
                    String loss = String.format(
                            Locale.ROOT, "trial %d: %s %s, %s", trial, leads ? "leader" : "follower", fault, why);
                    losses.add(loss);
                    if (!(leads && fault == Fault.PAUSED && why == LossReason.REVOKED)) {
                        unexplained.add(loss);
                    }
                    workers.remove(worker);
                } else {
                    assertThat(worker.held.isHeld()).isTrue();
                }
            }
            get(fresh.releaseAsync());
        }
        System.out.printf(
                Locale.ROOT,
                "S16: %d trials, %d sessions (%d opened), losses %s, AT_RISK %d times, at most %d ms; slowest acquire into"
                        + " a fault %d ms%n",
                TRIALS,
                SESSIONS,
                replacements,
                losses,
                risks.get(),
                longestRisk.get() / 1_000_000,
                slowest / 1_000_000);
        assertThat(unexplained).isEmpty();
    }
}
