/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S23: answers take long, and nothing is lost by that. */
@Execution(ExecutionMode.CONCURRENT)
class SlowNetworkIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final FaultProxy proxy =
            parties.closing(FaultProxy.to(SharedEtcd.server().endpoints().get(0)));
    private final Operator operator = SharedEtcd.operator();

    private void works(Duration roundTrip, Duration handOver, UnaryOperator<Party.Settings> settings)
            throws InterruptedException {
        proxy.delay(roundTrip.dividedBy(2));
        Party holder = parties.join(List.of(proxy.endpoint()), settings);
        Party waiter = parties.join(List.of(proxy.endpoint()), settings);
        String name = Parties.name();
        EtcdGrant grant = get(holder.acquireAsync(name));
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        assertThat(grant.guard().txn().put(name + "-data", "written").commit()).isTrue();
        long releasing = System.nanoTime();
        assertThat(get(grant.releaseAsync())).isTrue();
        EtcdGrant next = get(waiting);
        assertThat(since(releasing)).isLessThan(handOver);
        assertThat(next.token()).isGreaterThan(grant.token());
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        // A renewal or two.
        soon(() -> assertThat(holder.session.remaining())
                .isGreaterThan(holder.session.ttl().dividedBy(2)));
        soon(() -> assertThat(List.of(holder.session.state(), waiter.session.state()))
                .containsOnly(SessionState.ACTIVE));
        assertThat(get(next.releaseAsync())).isTrue();
        proxy.delay(Duration.ZERO);
    }

    @Test
    void roundTripOf800Millis_isForTheDefaults() throws InterruptedException {
        works(Duration.ofMillis(800), Duration.ofSeconds(6), settings -> settings);
    }

    @Tag("long")
    @Test
    void roundTripOf2Seconds_isForLongerTimeouts() throws InterruptedException {
        works(
                Duration.ofSeconds(2),
                Duration.ofSeconds(15),
                settings -> settings.ttl(15).requestTimeout(Duration.ofSeconds(10)));
    }
}
