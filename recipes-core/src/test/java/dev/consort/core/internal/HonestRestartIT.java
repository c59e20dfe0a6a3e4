/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What must not be taken for a restore (S18): members that restart or lag, and leaders that change, under load. */
@Execution(ExecutionMode.CONCURRENT)
class HonestRestartIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final EtcdProcess etcd = parties.closing(
            EtcdProcess.builder().members(3).shortElection().unsafeNoFsync().start());

    /** Pairs of lock and unlock, one after another, until told to stop. */
    private static final class Load {
        final AtomicInteger pairs = new AtomicInteger();
        final AtomicBoolean stop = new AtomicBoolean();
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();
        private final Party party;
        private final String name = Parties.name();

        Load(Party party) {
            this.party = party;
            next();
        }

        private void next() {
            if (stop.get()) {
                ended.complete(true);
                return;
            }
            Completion.of(party.acquireAsync(name).thenCompose(EtcdGrant::releaseAsync), (released, failure) -> {
                if (failure == null) {
                    pairs.incrementAndGet();
                    next();
                } else {
                    ended.completeExceptionally(failure);
                }
            });
        }

        void more(int count) {
            int before = pairs.get();
            soon(() -> assertThat(pairs.get()).isGreaterThan(before + count));
        }
    }

    private void undisturbed(List<Runnable> troubles) throws InterruptedException {
        Party idle = parties.join(etcd.endpoints(), settings -> settings.ttl(20));
        Party busy = parties.join(etcd.endpoints(), settings -> settings.ttl(20));
        EtcdGrant held = idle.acquire(Parties.name());
        ClusterHistory.Epoch ofIdle = idle.connection.calls().history().present();
        ClusterHistory.Epoch ofBusy = busy.connection.calls().history().present();
        Load load = new Load(busy);
        load.more(20);
        for (Runnable trouble : troubles) {
            trouble.run();
            load.more(5); // a third of the requests goes to a member that is away, and waits for a second
        }
        load.stop.set(true);
        assertThat(get(load.ended)).isTrue();
        assertThat(List.of(idle, busy))
                .extracting(party -> party.session.state())
                .doesNotContain(SessionState.LOST);
        assertThat(idle.connection.calls().history().present()).isSameAs(ofIdle);
        assertThat(busy.connection.calls().history().present()).isSameAs(ofBusy);
        assertThat(held.isHeld()).isTrue();
        assertThat(get(held.releaseAsync())).isTrue();
    }

    @Test
    void membersRestartedOneByOne_areNoRestore() throws InterruptedException {
        undisturbed(List.of(
                () -> etcd.member(0).restart(),
                () -> etcd.member(1).restart(),
                () -> etcd.member(2).restart()));
    }

    /** What was asked of it meanwhile is answered from a state that is far behind. */
    @Test
    void followerThatLags_isNoRestore() throws InterruptedException {
        int follower = (etcd.leader() + 1) % 3;
        undisturbed(List.of(
                () -> etcd.member(follower).pause(), () -> etcd.member(follower).resume()));
    }
}
