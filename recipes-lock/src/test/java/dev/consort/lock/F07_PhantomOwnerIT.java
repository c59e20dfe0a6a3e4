/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.options.GetOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a waiter whose own key has vanished is told that it owns when its predecessor leaves. */
class F07_PhantomOwnerIT {
    private final Party holder = Party.join();
    private final Party waiter = Party.join();
    private final String name = Etcd.freshName();
    private final String claim = waiter.claim(name);

    @AfterEach
    void leave() {
        waiter.close();
        holder.close();
    }

    private CompletableFuture<Grant> waitBehind() {
        CompletableFuture<Grant> waiting = waiter.mutex(name).acquireAsync();
        await().untilAsserted(() -> assertThat(waiter.sent.watchesOf(name)).isEqualTo(2));
        return waiting;
    }

    private void assertRefused(CompletableFuture<Grant> waiting) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                .havingCause()
                .isExactlyInstanceOf(RecipeException.class)
                .withMessageContaining(claim);
    }

    @Test
    void ownClaim_deletedUnseen_isNotGrantedWhenTheHolderLeaves() throws Exception {
        Grant grant = holder.mutex(name).acquire();
        CompletableFuture<Grant> waiting = waitBehind();
        CallFault unseen = waiter.faults.every(Calls.toldOfDeletion(claim)).dropMessages(Direction.TO_CLIENT);
        Etcd.delete(Etcd.bytes(claim));
        unseen.hit().get(10, TimeUnit.SECONDS);
        assertThat(waiting).isNotDone();

        grant.close();

        assertRefused(waiting);
        assertThat(Etcd.claims(name)).isEmpty();
    }

    @Test
    void ownClaim_replacedUnseen_isNotGrantedWhenTheHolderLeaves() throws Exception {
        Grant grant = holder.mutex(name).acquire();
        CompletableFuture<Grant> waiting = waitBehind();
        CallFault unseen = waiter.faults.every(Calls.toldOfDeletion(claim)).dropMessages(Direction.TO_CLIENT);
        Etcd.delete(Etcd.bytes(claim));
        unseen.hit().get(10, TimeUnit.SECONDS);
        Etcd.put(claim, "somebody else's");

        grant.close();

        assertRefused(waiting);
        assertThat(Etcd.claims(name)).as("what is not ours stays").hasSize(1);
    }

    @Test
    void ownClaim_deletedBeforeItIsWatched_isNotGranted() throws Exception {
        Grant grant = holder.mutex(name).acquire();
        CompletableFuture<Grant> waiting = waiter.mutex(name).acquireAsync();
        await().until(() -> Etcd.claims(name).size() == 2);
        Etcd.delete(Etcd.bytes(claim));
        grant.close();
        assertRefused(waiting);
    }

    /** A message of an earlier claim of the same key, which comes twice or late. */
    @Test
    void oldMessage_aboutAnEarlierClaim_grantsNothing() throws Exception {
        Grant grant = holder.mutex(name).acquire();
        CompletableFuture<Grant> first = waitBehind();
        grant.close();
        first.get(10, TimeUnit.SECONDS).close();
        String mailbox = "consort/session/" + Long.toHexString(waiter.session.leaseId()) + "/mail";
        ByteSequence message =
                Etcd.get(Etcd.bytes(mailbox), GetOption.DEFAULT).getKvs().get(0).getValue();
        assertThat(message.isEmpty()).isFalse();

        grant = holder.mutex(name).acquire();
        waiter.sent.clear();
        CompletableFuture<Grant> second = waitBehind();
        long received = waiter.log.counts().watchEvents();
        Etcd.put(mailbox, message, waiter.session.leaseId());
        await().until(() -> waiter.log.counts().watchEvents() > received);
        // What is no message makes it look for itself, and so shows that the one before has been dealt with.
        long requests = waiter.log.counts().unaryCalls("KV/Txn");
        Etcd.put(mailbox, Etcd.bytes("\u00ff"), waiter.session.leaseId());
        await().until(() -> waiter.log.counts().unaryCalls("KV/Txn") > requests);

        assertThat(second).isNotDone();
        assertThat(grant.isHeld()).isTrue();
        grant.close();
        second.get(10, TimeUnit.SECONDS).close();
    }
}
