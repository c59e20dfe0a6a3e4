/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Grant;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Lock;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The same queue as {@code etcdctl lock} and etcd's Lock service. */
class InteropIT {
    private static final int HAND_OVERS = 10;

    private final Party party = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);
    private final Turns turns = new Turns();

    @AfterEach
    void leave() {
        party.close();
    }

    private void awaitClaims(int count) {
        await().untilAsserted(() -> assertThat(Etcd.claims(name)).hasSize(count));
    }

    /** The first of the queue, as the server has it, is whoever says that it holds. */
    private long revisionOfHolder(String key) {
        KeyValue first = Etcd.claims(name).get(0);
        assertThat(first.getKey()).hasToString(key);
        return first.getCreateRevision();
    }

    private Grant begin(CompletableFuture<Grant> waiting) throws Exception {
        Grant grant = waiting.get(10, TimeUnit.SECONDS);
        assertThat(grant.token().revision()).isEqualTo(revisionOfHolder(party.claim(name)));
        turns.begin("Java", grant.token().revision());
        return grant;
    }

    private static CompletableFuture<String> firstLine(Process process) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
                return Optional.ofNullable(reader.readLine()).orElse("");
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    @Test
    void etcdctl_handOversBothWays_neverOverlap() throws Exception {
        Grant grant = begin(mutex.acquireAsync());
        for (int i = 0; i < HAND_OVERS; i++) {
            Process etcdctl = Etcd.process.etcdctlProcess("lock", name);
            CompletableFuture<String> locked = firstLine(etcdctl);
            awaitClaims(2);
            assertThat(locked).isNotDone();

            turns.end();
            grant.close();
            String key = locked.get(10, TimeUnit.SECONDS);
            turns.begin("etcdctl", revisionOfHolder(key));
            assertThat(mutex.owner()).hasValueSatisfying(owner -> {
                assertThat(owner.key()).isEqualTo(key);
                assertThat(owner.host()).isEmpty();
            });
            CompletableFuture<Grant> waiting = mutex.acquireAsync();
            awaitClaims(2);
            assertThat(waiting).isNotDone();

            turns.end();
            etcdctl.toHandle().destroy(); // SIGTERM; the process's own method would close its standard input too
            grant = begin(waiting);
        }
        turns.end();
        grant.close();
        assertThat(turns.count()).isEqualTo(2 * HAND_OVERS + 1);
        turns.assertNoneOverlapped();
        awaitClaims(0);
    }

    @Test
    void lockService_handOversBothWays_neverOverlap() throws Exception {
        Lock service = Etcd.client.getLockClient();
        long lease = Etcd.grantLease(60);
        Grant grant = begin(mutex.acquireAsync());
        for (int i = 0; i < HAND_OVERS; i++) {
            var locked = service.lock(Etcd.bytes(name), lease);
            awaitClaims(2);
            assertThat(locked).isNotDone();

            turns.end();
            grant.close();
            ByteSequence key = Etcd.answer(locked).getKey();
            turns.begin("service", revisionOfHolder(key.toString()));
            CompletableFuture<Grant> waiting = mutex.acquireAsync();
            awaitClaims(2);
            assertThat(waiting).isNotDone();

            turns.end();
            Etcd.answer(service.unlock(key));
            grant = begin(waiting);
        }
        turns.end();
        grant.close();
        Etcd.revoke(lease);
        turns.assertNoneOverlapped();
        awaitClaims(0);
    }

    @Test
    void lockService_contendingWithTwoProcesses_neverOverlapsAndAllGetTheirTurns() throws Exception {
        try (Party second = Party.join()) {
            List<OtherThread> threads = new ArrayList<>();
            List<Future<Boolean>> all = new ArrayList<>();
            for (Party each : List.of(party, second)) {
                threads.add(new OtherThread());
                all.add(threads.get(threads.size() - 1).start(() -> {
                    for (int i = 0; i < HAND_OVERS; i++) {
                        Grant grant = each.mutex(name).acquire();
                        turns.begin("Java", grant.token().revision());
                        turns.end();
                        grant.close();
                    }
                }));
            }
            Lock service = Etcd.client.getLockClient();
            long lease = Etcd.grantLease(60);
            for (int i = 0; i < HAND_OVERS; i++) {
                ByteSequence key =
                        Etcd.answer(service.lock(Etcd.bytes(name), lease)).getKey();
                turns.begin("service", revisionOfHolder(key.toString()));
                turns.end();
                Etcd.answer(service.unlock(key));
            }
            all.forEach(OtherThread::result);
            threads.forEach(OtherThread::close);
            Etcd.revoke(lease);
        }
        assertThat(turns.count()).isEqualTo(3 * HAND_OVERS);
        turns.assertNoneOverlapped();
    }
}
