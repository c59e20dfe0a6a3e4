/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static dev.consort.core.internal.Waits.within;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * F23: watches attached to a member that is cut off from the others stay silent, though it answers. S17 besides: no quorum
 * for less than the TTL.
 */
@Execution(ExecutionMode.CONCURRENT)
class F23_PartitionedMemberIT {
    private static final long TTL = 30;
    private static final int LONE = 0;

    @RegisterExtension
    final Parties parties = new Parties();

    private final EtcdProcess etcd = parties.closing(
            EtcdProcess.builder().members(3).shortElection().unsafeNoFsync().start());

    @Test
    void waiterThere_leavesTheMemberAndGetsOn() throws InterruptedException {
        List<FaultProxy> proxies = etcd.endpoints().stream()
                .map(endpoint -> parties.closing(FaultProxy.to(endpoint)))
                .toList();
        List<FaultProxy> others = proxies.subList(LONE + 1, proxies.size());
        others.forEach(FaultProxy::refuse);
        Party holder = parties.join(etcd.endpoints().subList(LONE + 1, 3), settings -> settings.ttl(TTL));
        Party waiter = parties.join(proxies.stream().map(FaultProxy::endpoint).toList(), settings -> settings.ttl(TTL));
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isGreaterThanOrEqualTo(3)); // mailbox, own, before
        others.forEach(FaultProxy::accept);
        long streams = waiter.log.counts().streamsOpened("Watch/Watch");

        // The lone member goes on to answer what needs no leader, such as the question whether the stream is alive.
        etcd.members().subList(LONE + 1, 3).forEach(member -> member.pause());
        within(
                Duration.ofSeconds(10),
                () -> assertThat(waiter.log.counts().streamsOpened("Watch/Watch"))
                        .isGreaterThan(streams));
        etcd.member(LONE).pause();
        etcd.members().subList(LONE + 1, 3).forEach(member -> member.resume());
        long healed = System.nanoTime();
        assertThat(get(grant.releaseAsync())).isTrue();

        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(since(healed)).isLessThan(Duration.ofSeconds(12));
        assertThat(List.of(holder, waiter))
                .extracting(party -> party.session.state())
                .doesNotContain(SessionState.LOST);
        etcd.member(LONE).resume();
    }
}
