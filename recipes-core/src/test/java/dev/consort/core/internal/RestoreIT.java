/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdProcessException;
import dev.consort.testkit.FaultProxy;
import io.etcd.jetcd.KeyValue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S18, S19: etcd is restored from a backup, or another cluster answers in its place. Each test has a server of its own. */
@Execution(ExecutionMode.CONCURRENT)
class RestoreIT {
    private static final long TTL = 60; // nothing here is to be noticed by a lease that runs out
    private static final Duration PROMPT = Duration.ofSeconds(12);

    @RegisterExtension
    final Parties parties = new Parties();

    @TempDir
    private Path folder = Missing.value();

    private final EtcdProcess etcd = parties.closing(
            EtcdProcess.builder().shortElection().unsafeNoFsync().start());
    private final Operator operator = parties.closing(new Operator(etcd.endpoints()));

    private Party join() {
        return join(etcd.endpoints());
    }

    private Party join(List<String> endpoints) {
        return parties.join(endpoints, settings -> settings.ttl(TTL));
    }

    private Path backup() {
        Path file = folder.resolve("backup");
        etcd.snapshot(file);
        return file;
    }

    /** Raises the revision. */
    private void write(int puts) {
        for (int i = 0; i < puts; i++) {
            operator.put("filler", Integer.toString(i));
        }
    }

    /** What is to be found out in any case, whichever history comes next. */
    private final class Past {
        final Party older = join();
        final Party idle = join();
        final String kept = Parties.name();
        final EtcdGrant held;
        final String viewed = Parties.name() + "/";
        final BlockingQueue<PrefixView.Snapshot> snapshots = new LinkedBlockingQueue<>();
        final AtomicLong heard = new AtomicLong();

        Past() throws InterruptedException {
            held = older.acquire(kept);
            operator.put(viewed + "a", "old");
            parties.closing(PrefixView.open(older.connection, "Test", viewed, Runnable::run, new PrefixView.Listener() {
                @Override
                public void onSnapshot(PrefixView.Snapshot snapshot) {
                    snapshots.add(snapshot);
                }

                @Override
                public void onChanges(long revision, List<PrefixView.Change> changes) {
                    heard.set(revision);
                }
            }));
            assertThat(next().entries()).hasSize(1);
        }

        PrefixView.Snapshot next() throws InterruptedException {
            return Objects.requireNonNull(snapshots.poll(20, TimeUnit.SECONDS), "no snapshot");
        }
    }

    private static void assertLost(EtcdGrant grant, LossReason... reasons) {
        assertThat(outcome(grant.lost())).isIn((Object[]) reasons);
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.guard().txn().put("stale", "written").commit()).isFalse();
        assertThat(grant.release()).isFalse();
    }

    private void assertWorks(Party party, String name) throws InterruptedException {
        SessionFactory factory = parties.closing(
                SessionFactory.of(Session.builder(party.connection).ttl(Duration.ofSeconds(TTL))));
        Session next = factory.session();
        long asked = System.nanoTime();
        EtcdGrant grant = get(new Acquirer<EtcdGrant>(EtcdSession.of(next), it -> it).acquireAsync(Party.spec(name)));
        assertThat(Waits.since(asked)).isLessThan(PROMPT);
        assertThat(grant.guard().txn().put("fresh", name).commit()).isTrue();
        Waits.pass(Duration.ofMillis(300));
        assertThat(next.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(grant.release()).isTrue();
        assertThat(operator.value("stale")).isEmpty();
    }

    /** S18 */
    @Test
    void restore_endsEverySession_andTheNextOnesWork() throws InterruptedException {
        Past past = new Past();
        Path backup = backup();
        Party younger = join();
        String late = Parties.name();
        EtcdGrant heldLate = past.older.acquire(late);
        EtcdGrant heldYoung = younger.acquire(Parties.name());
        CompletableFuture<EtcdGrant> waiting = past.idle.acquireAsync(late);
        CompletableFuture<EtcdGrant> campaign = new Acquirer<EtcdGrant>(younger.session, it -> it)
                .acquireAsync(new ClaimSpec("Test", late, () -> ByteString.copyFromUtf8("candidate"), true));
        soon(() -> assertThat(operator.claims(late)).hasSize(3));
        operator.put(past.viewed + "b", "lost");
        soon(() -> assertThat(past.heard.get()).isPositive()); // else nothing of it differs for the view
        write(20);

        etcd.restore(backup);

        assertThat(outcome(past.idle.session.lost())).isEqualTo(LossReason.CLUSTER_CHANGED);
        assertLost(past.held, LossReason.CLUSTER_CHANGED);
        assertLost(heldLate, LossReason.CLUSTER_CHANGED);
        // Its lease is not in the backup, which a renewal may be the first to say.
        assertLost(heldYoung, LossReason.CLUSTER_CHANGED, LossReason.REVOKED);
        assertThat(failure(waiting))
                .isInstanceOf(SessionLostException.class)
                .hasMessageContaining("its session was lost (CLUSTER_CHANGED)");
        assertThat(failure(campaign)).isInstanceOf(SessionLostException.class);
        PrefixView.Snapshot snapshot = past.next();
        assertThat(snapshot.cause()).isEqualTo(PrefixView.Cause.GAP);
        // The view has what etcd has, and says what is gone: "b", which was written after the backup.
        List<KeyValue> now = operator.below(past.viewed);
        assertThat(snapshot.entries().stream().map(entry -> entry.key().toStringUtf8()))
                .as("%s; then came %s", snapshot, past.snapshots)
                .containsExactlyElementsOf(
                        now.stream().map(kv -> kv.getKey().toString()).toList());
        assertThat(now).as("what the backup has").hasSize(1);
        assertThat(snapshot.differences()).as("%s", snapshot).singleElement().matches(change -> change.after() == null);
        // The backup has the old claim, under a lease of a whole TTL: the lost session revokes it.
        assertWorks(past.older, past.kept);
        assertWorks(younger, late);
        soon(() -> assertThat(operator.hasLease(past.older.session.leaseId())).isFalse());
    }

    /** S19 */
    @Test
    void anotherCluster_endsEverySession_andTheNextOnesWork() throws InterruptedException {
        Past past = new Past();

        etcd.replaceByAnotherCluster();
        write(200); // also where its revision is higher

        assertThat(outcome(past.idle.session.lost())).isEqualTo(LossReason.CLUSTER_CHANGED);
        assertLost(past.held, LossReason.CLUSTER_CHANGED);
        assertThat(past.next().entries()).isEmpty();
        assertWorks(past.older, past.kept);
    }

    /** Nothing is asked of a restored cluster before it has gone beyond the revisions that were seen. */
    @Test
    void restore_thatWasOvertaken_isNoticedByEachClaim() throws InterruptedException {
        Party before = join();
        String passing = Parties.name();
        EtcdGrant first = before.acquire(passing);
        FaultProxy proxy = parties.closing(FaultProxy.to(etcd.endpoints().get(0)));
        Party party = join(List.of(proxy.endpoint()));
        String kept = Parties.name();
        EtcdGrant heldBefore = party.acquire(kept);
        CompletableFuture<EtcdGrant> waiting = party.acquireAsync(passing);
        soon(() -> assertThat(operator.claims(passing)).hasSize(2));
        Path backup = backup();
        EtcdGrant heldAfter = party.acquire(Parties.name());
        proxy.refuse();
        proxy.reset();

        etcd.restore(backup);
        write(50);
        operator.revoke(before.session.leaseId());
        soon(() -> assertThat(operator.claims(passing)).hasSize(1));
        proxy.accept();

        assertLost(heldAfter, LossReason.CLAIM_REMOVED);
        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(heldBefore.isHeld()).isTrue();
        assertThat(heldBefore.guard().txn().put("fresh", "written").commit()).isTrue();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(outcome(first.lost())).isNotNull();
    }

    /** What the manual says to do. */
    @Test
    void restore_withRaisedRevision_keepsTokensRising() throws InterruptedException {
        Party party = join();
        String kept = Parties.name();
        EtcdGrant heldBefore = party.acquire(kept);
        Path backup = backup();
        String late = Parties.name();
        EtcdGrant heldAfter = party.acquire(late);
        if (etcd.version().startsWith("3.4.2")) { // before 3.4.27
            assertThatThrownBy(() -> etcd.restore(backup, "--bump-revision=1000000", "--mark-compacted"))
                    .isInstanceOf(EtcdProcessException.class)
                    .hasMessageContaining("unknown flag");
            return;
        }

        etcd.restore(backup, "--bump-revision=1000000", "--mark-compacted");

        assertLost(heldAfter, LossReason.CLAIM_REMOVED);
        assertThat(heldBefore.isHeld()).isTrue();
        assertThat(party.acquire(late).token()).isGreaterThan(heldAfter.token());
        assertThat(heldBefore.release()).isTrue();
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
    }
}
