/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.lock.FirstSession;
import dev.consort.lock.Leases;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** A server for tests, past the code under test: one of each kind for all of them. */
final class Server {
    static final Server REAL = new Server(EtcdProcess.builder().unsafeNoFsync().start());
    static final Server EMBEDDED = new Server(EmbeddedEtcd.start());

    private static final class Counted {
        static final Server SERVER =
                new Server(EtcdProcess.builder().unsafeNoFsync().start());
    }

    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private final EtcdServer etcd;
    final Client client;

    private Server(EtcdServer etcd) {
        this.etcd = etcd;
        this.client = Client.builder()
                .endpoints(etcd.endpoints().toArray(new String[0]))
                .build();
        FirstSession.on(endpoints().get(0));
    }

    /**
     * A real one whose revisions are counted. Only for isolated classes, which end the leases that they leave: one of
     * another test that ran out, or was revoked late, would be a revision more.
     */
    static Server counted() {
        return Counted.SERVER;
    }

    List<String> endpoints() {
        return etcd.endpoints();
    }

    Party join() {
        return Party.join(etcd.endpoints());
    }

    Party join(Duration ttl) {
        return Party.join(etcd.endpoints(), ttl);
    }

    /** A name that no other test uses, nor nests with. */
    static String freshName() {
        return "meeting-" + names.incrementAndGet();
    }

    long revision() {
        return answer(client.getKVClient().get(bytes("no such key")))
                .getHeader()
                .getRevision();
    }

    List<KeyValue> keys(String name) {
        return answer(client.getKVClient()
                        .get(
                                bytes(name + "/"),
                                GetOption.builder().isPrefix(true).build()))
                .getKvs();
    }

    List<String> keyNames(String name) {
        return keys(name).stream().map(kv -> kv.getKey().toString(UTF_8)).toList();
    }

    void awaitKeys(String name, int count) {
        await().untilAsserted(() -> assertThat(keyNames(name)).hasSize(count));
    }

    void put(String key, String value) {
        answer(client.getKVClient().put(bytes(key), bytes(value)));
    }

    void put(String key, String value, long lease) {
        answer(client.getKVClient()
                .put(
                        bytes(key),
                        bytes(value),
                        PutOption.builder().withLeaseId(lease).build()));
    }

    long grantLease() {
        return answer(client.getLeaseClient().grant(60)).getID();
    }

    void delete(String key) {
        answer(client.getKVClient().delete(bytes(key)));
    }

    void revoke(long lease) {
        answer(client.getLeaseClient().revoke(lease));
    }

    void endLeases() {
        Leases.endAll(client);
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
