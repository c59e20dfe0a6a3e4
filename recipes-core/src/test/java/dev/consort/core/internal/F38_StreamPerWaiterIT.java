/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F38: a gRPC stream, or a lease, for each waiter. */
class F38_StreamPerWaiterIT {
    private static final int NAMES = 100;

    @RegisterExtension
    final Parties parties = new Parties();

    /** S26's bound: watches of the session itself, and two for each name held or waited for. */
    @Test
    void waitersOfManyNames_shareOneStreamAndOneLease() {
        Party holder = parties.join();
        Party waiter = parties.join();
        List<EtcdGrant> held = new ArrayList<>();
        List<CompletableFuture<EtcdGrant>> waiting = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            String name = Parties.name();
            held.add(get(holder.acquireAsync(name)));
            for (int k = 0; k < 5; k++) {
                waiting.add(waiter.acquireAsync(name));
            }
        }
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(1 + 2 * NAMES));
        soon(() -> assertThat(holder.log.counts().watchesOpen()).isEqualTo(1 + NAMES));
        for (Party party : List.of(holder, waiter)) {
            CallCounts counts = party.log.counts();
            assertThat(counts.streamsOpened("Watch/Watch")).isEqualTo(1);
            assertThat(counts.unaryCalls("Lease/LeaseGrant")).isEqualTo(1);
        }
        held.forEach(grant -> Completion.of(grant.releaseAsync(), (released, failure) -> {}));
        waiting.forEach(acquire -> Completion.of(get(acquire).releaseAsync(), (released, failure) -> {}));
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(1));
        soon(() -> assertThat(holder.log.counts().watchesOpen()).isEqualTo(1));
        assertThat(waiter.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
    }

    /** What a claim costs, uncontended and when its name is queued for already. */
    @Test
    void acquireAndRelease_costOneRequestEach() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallCounts before = party.log.counts();
        EtcdGrant grant = party.acquire(name);
        assertThat(party.log.counts().since(before).unaryCalls()).isEqualTo(1);
        CompletableFuture<EtcdGrant> second = party.acquireAsync(name);
        assertThat(party.log.counts().since(before).unaryCalls()).isEqualTo(1);
        grant.close();
        assertThat(get(second).token().revision()).isEqualTo(grant.token().revision());
        assertThat(party.log.counts().since(before).unaryCalls()).isEqualTo(1);
        get(second).close();
        assertThat(party.log.counts().since(before).unaryCalls()).isEqualTo(2);
    }
}
