/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F05: what a leader does begins before the store has confirmed it. */
class F05_CallbackBeforeConfirmationIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    @Test
    void grant_isNotGivenBeforeTheRequestHasArrived() {
        Party party = parties.join();
        String name = Parties.name();
        CallFault held = party.faults.every(Requests.acquireOf(name)).hold(); // also what is sent again after 1 s
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        get(held.hit());
        Waits.stays(Duration.ofMillis(300), () -> !acquire.isDone());
        assertThat(operator.claims(name)).isEmpty();
        held.release();
        EtcdGrant grant = get(acquire);
        assertThat(operator.claims(name))
                .singleElement()
                .satisfies(claim -> assertThat(claim.getCreateRevision())
                        .isEqualTo(grant.token().revision()));
    }

    /** The store has it, the client cannot know it yet. */
    @Test
    void grant_isNotGivenBeforeAnAnswerHasArrived() {
        Party party = parties.join();
        String name = Parties.name();
        CallFault lost = party.faults.next(Requests.acquireOf(name)).hangReply();
        CallFault fences = party.faults.every(Requests.fences()).hangRequest();
        CompletableFuture<EtcdGrant> acquire = party.acquireAsync(name);
        get(lost.landed());
        assertThat(operator.claims(name)).hasSize(1);
        get(fences.hit()); // the attempt was given up, and nothing else has been answered
        Waits.stays(Duration.ofMillis(300), () -> !acquire.isDone());
        fences.stop();
        assertThat(get(acquire).isHeld()).isTrue();
    }

    /** A waiter is granted by what etcd has, not by its holder's intention to release. */
    @Test
    void handOver_isNotGivenBeforeTheReleaseHasArrived() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        CallFault held = holder.faults.every(Requests.releaseOf(name)).hold();
        CompletableFuture<Boolean> released = grant.releaseAsync();
        get(held.hit());
        assertThat(grant.isHeld()).isFalse();
        Waits.stays(Duration.ofMillis(300), () -> !waiting.isDone());
        held.release();
        assertThat(get(released)).isTrue();
        assertThat(get(waiting).isHeld()).isTrue();
    }
}
