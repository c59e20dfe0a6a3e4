/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Of those who wait for a permit only the first watches the holders, so each must come to know when it is the first: also
 * when the holders die, and tell nobody.
 */
class F25_SemaphoreWakeUpIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
    }

    private Party join() {
        Party party = Party.join(Duration.ofMinutes(5));
        parties.add(party);
        return party;
    }

    private CompletableFuture<Permit> ask(int permits) {
        Party party = join();
        int before = Etcd.claims(name).size();
        CompletableFuture<Permit> asked =
                DistributedSemaphore.open(party.session, name).acquireAsync(permits);
        Etcd.awaitClaims(name, before + 1);
        return asked;
    }

    /** All its watches stand. */
    private void awaitWatching(int party) {
        await().untilAsserted(() ->
                assertThat(parties.get(party).log.counts().watchesOpen()).isEqualTo(3));
    }

    private void die(int party) {
        Etcd.revoke(parties.get(party).session.leaseId());
    }

    private static void assertGranted(CompletableFuture<Permit> asked) {
        assertThat(asked).succeedsWithin(SOON);
    }

    @Test
    void second_afterTheFirstWasToldThatItIsGranted_noticesADeath() {
        DistributedSemaphore.create(join().session, name, 2);
        CompletableFuture<Permit> leaves = ask(1);
        assertGranted(ask(1));
        CompletableFuture<Permit> first = ask(1);
        CompletableFuture<Permit> second = ask(1);
        awaitWatching(3);
        awaitWatching(4);
        leaves.join().close();
        assertGranted(first);
        assertThat(second).isNotDone();
        die(2);
        assertGranted(second);
    }

    @Test
    void second_afterTheFirstHasFoundThatItIsGranted_noticesADeath() {
        DistributedSemaphore.create(join().session, name, 2);
        assertGranted(ask(1));
        assertGranted(ask(1));
        CompletableFuture<Permit> first = ask(1);
        CompletableFuture<Permit> second = ask(1);
        awaitWatching(3);
        awaitWatching(4);
        die(1);
        assertGranted(first);
        assertThat(second).isNotDone();
        die(2);
        assertGranted(second);
    }

    @Test
    void first_behindAHolderOfMoreThanThereAreNow_noticesADeath() {
        DistributedSemaphore limited = DistributedSemaphore.create(join().session, name, 3);
        assertGranted(ask(2));
        assertGranted(ask(1));
        limited.setLimit(2);
        CompletableFuture<Permit> waits = ask(1);
        awaitWatching(3);
        assertThat(waits).isNotDone();
        die(1);
        assertGranted(waits);
    }

    @Test
    void waiters_whoseWatchesAreSilent_areToldOfARaisedLimit() {
        DistributedSemaphore limited = DistributedSemaphore.create(join().session, name, 1);
        assertGranted(ask(1));
        CompletableFuture<Permit> first = ask(1);
        CompletableFuture<Permit> second = ask(1);
        parties.get(2).faults.every(Calls.toldOfDeletion(name + "/limit:1")).dropMessages(Direction.TO_CLIENT);
        limited.setLimit(3);
        assertGranted(first);
        assertGranted(second);
    }

    @Test
    void second_whenTheLimitIsRaisedByOneWhoDies_isGrantedToo() {
        DistributedSemaphore.create(join().session, name, 1);
        assertGranted(ask(1));
        CompletableFuture<Permit> first = ask(1);
        CompletableFuture<Permit> second = ask(1);
        awaitWatching(2);
        awaitWatching(3);
        // As setLimit does it, but for telling those whom it lets in.
        Etcd.put(name + "/limit:3", "");
        Etcd.delete(Etcd.bytes(name + "/limit:1"));
        assertGranted(first);
        assertGranted(second);
    }
}
