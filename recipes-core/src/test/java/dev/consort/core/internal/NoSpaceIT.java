/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S21: the database is full. What takes space fails and says so; what gives up works. */
@Execution(ExecutionMode.CONCURRENT)
class NoSpaceIT {
    private static final Duration FAST = Duration.ofSeconds(5);
    private static final String CHUNK = "x".repeat(200_000);

    @RegisterExtension
    final Parties parties = new Parties();

    private final EtcdProcess etcd = parties.closing(
            EtcdProcess.builder().quotaBytes(2 << 20).unsafeNoFsync().start());
    private final Operator operator = parties.closing(new Operator(etcd.endpoints()));

    private Party join() {
        return parties.join(etcd.endpoints(), settings -> settings.ttl(6));
    }

    private void fill() {
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        operator.put("filler", CHUNK);
                    }
                })
                .hasMessageContaining("database space exceeded");
    }

    private void makeSpace() {
        operator.delete(Operator.bytes("filler"));
        operator.compact();
        etcd.etcdctl("defrag");
        etcd.etcdctl("alarm", "disarm");
    }

    private static void assertSaysSo(ThrowingCallable step) {
        long start = System.nanoTime();
        assertThatThrownBy(step)
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("database space exceeded", "NOSPACE alarm", "compact, defragment");
        assertThat(since(start)).isLessThan(FAST);
    }

    @Test
    void fullDatabase_letsGoButTakesNothing() throws InterruptedException {
        Party party = join();
        Party other = join();
        String name = Parties.name();
        String term = Parties.name();
        EtcdGrant held = party.acquire(name);
        EtcdGrant keeps = party.acquire(Parties.name());
        EtcdGrant leads = get(party.acquirer.acquireAsync(
                new ClaimSpec("Test", term, () -> ByteString.copyFromUtf8("candidate"), true)));
        CompletableFuture<EtcdGrant> waiting = other.acquireAsync(name);
        CompletableFuture<EtcdGrant> cancelled = other.acquireAsync(term);
        soon(() -> assertThat(
                        operator.claims(name).size() + operator.claims(term).size())
                .isEqualTo(4));
        fill();

        assertSaysSo(() -> party.acquire(Parties.name()));
        assertSaysSo(() -> party.acquirer.tryAcquire(Party.spec(Parties.name())));
        assertSaysSo(() -> keeps.guard().txn().put("data", "more").commit());
        assertSaysSo(this::join);
        assertThat(keeps.isHeld()).isTrue();
        // What only deletes.
        assertThat(keeps.guard().txn().delete(Operator.bytes("data")).commit()).isTrue();
        cancelled.cancel(true);
        soon(() -> assertThat(operator.claims(term)).hasSize(1));
        assertThat(leads.release()).isTrue();
        assertThat(operator.claims(term)).isEmpty();
        assertThat(held.release()).isTrue();
        assertThat(get(waiting).isHeld()).isTrue();
        // Renewals go on.
        soon(() -> assertThat(party.session.remaining()).isGreaterThan(Duration.ofMillis(5200)));
        assertThat(other.session.state()).isEqualTo(SessionState.ACTIVE);
        other.session.close();
        assertThat(operator.hasLease(other.session.leaseId())).isFalse();
        assertThat(operator.claims(name)).isEmpty();

        makeSpace();
        assertThat(party.acquire(name).release()).isTrue();
        assertThat(keeps.release()).isTrue();
    }
}
