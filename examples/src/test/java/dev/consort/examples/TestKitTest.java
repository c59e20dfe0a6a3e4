/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EmbeddedFaults.Disruption;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.ReentrantMutexCall;
import dev.consort.testkit.history.ReentrantMutexCall.Locked;
import dev.consort.testkit.history.ReentrantMutexCall.Unlocked;
import dev.consort.testkit.history.ReentrantMutexModel;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** The parts of the test kit, each by itself. */
class TestKitTest {
    private static final ByteSequence KEY = ByteSequence.from("orders/count", UTF_8);
    private static final ByteSequence VALUE = ByteSequence.from("1", UTF_8);

    @Test
    void lease_expires_withoutWaiting() throws Exception {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.builder().virtualClock().start();
                Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
            long lease = client.getLeaseClient().grant(3600).get().getID();
            etcd.advance(Duration.ofMinutes(59));
            assertThat(etcd.leases()).containsExactly(lease);
            etcd.advance(Duration.ofMinutes(2));
            assertThat(etcd.leases()).isEmpty();
        }
    }

    @Test
    void write_pausedServer_isThereWhenItGoesOn() throws Exception {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
            Disruption pause = etcd.faults().pause();
            var put = client.getKVClient().put(KEY, VALUE);
            assertThat(put).isNotDone();
            pause.close();
            put.get(10, TimeUnit.SECONDS);
            assertThat(etcd.log()).hasSize(1);
        }
    }

    @Test
    void write_networkDropsEverything_arrivesWhenItIsBack() throws Exception {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                FaultProxy proxy = FaultProxy.to(etcd.endpoint());
                Client client = Client.builder().endpoints(proxy.endpoint()).build()) {
            proxy.stopForwarding();
            var put = client.getKVClient().put(KEY, VALUE);
            assertThat(put).isNotDone();
            proxy.resumeForwarding();
            put.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void lock_twoThreads_hasALinearizableHistory() throws Exception {
        Lock lock = new ReentrantLock();
        History<ReentrantMutexCall> history = new History<>();
        Thread other = new Thread(() -> lockAndUnlock(lock, history, 2));
        other.start();
        lockAndUnlock(lock, history, 1);
        other.join();
        assertThat(Linearizability.violation(new ReentrantMutexModel(), history.operations()))
                .isEmpty();
    }

    @SuppressWarnings("LockNotBeforeTry") // what is between the two cannot fail
    private static void lockAndUnlock(Lock lock, History<ReentrantMutexCall> history, int client) {
        String owner = "thread " + client;
        for (int i = 0; i < 100; i++) {
            long locking = history.moment();
            lock.lock();
            history.ended(client, locking, new Locked(owner), Outcome.OK);
            long unlocking = history.moment();
            lock.unlock();
            history.ended(client, unlocking, new Unlocked(owner), Outcome.OK);
        }
    }
}
