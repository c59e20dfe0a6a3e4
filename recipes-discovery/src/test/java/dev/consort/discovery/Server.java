/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.core.Connection;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** A server for tests, past the code under test: one of each kind for all of them, or one's own. */
final class Server {
    static final Duration LONG = Duration.ofMinutes(10);

    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultTimeout(Duration.ofSeconds(20));
    }

    /** Each is started by the first that asks for it. */
    private static final class Real {
        static final EtcdProcess ETCD = EtcdProcess.builder().unsafeNoFsync().start();
        static final Server SERVER = new Server(ETCD);
    }

    private static final class Embedded {
        static final EmbeddedEtcd ETCD = EmbeddedEtcd.start();
        static final Server SERVER = new Server(ETCD);
    }

    private final EtcdServer etcd;
    private final Client client;

    Server(EtcdServer etcd) {
        this.etcd = etcd;
        this.client = Client.builder()
                .endpoints(etcd.endpoints().toArray(new String[0]))
                .build();
        // The first connection of a JVM loads classes for longer than it may take on a busy machine.
        Connection.to(etcd.endpoints().get(0))
                .connectTimeout(Duration.ofSeconds(30))
                .open()
                .close();
    }

    static Server real() {
        return Real.SERVER;
    }

    /** The one behind {@link #real()}. */
    static EtcdProcess process() {
        return Real.ETCD;
    }

    static Server embedded() {
        return Embedded.SERVER;
    }

    /** The one behind {@link #embedded()}. */
    static EmbeddedEtcd embeddedEtcd() {
        return Embedded.ETCD;
    }

    List<String> endpoints() {
        return etcd.endpoints();
    }

    Party join() {
        return join(LONG);
    }

    Party join(Duration ttl) {
        return join(ttl, Timing.system());
    }

    Party join(Duration ttl, Timing timing) {
        return new Party(etcd.endpoints(), ttl, timing);
    }

    /** A name that no other test uses, nor nests with. */
    static String freshName() {
        return "service-" + names.incrementAndGet();
    }

    long revision() {
        return answer(client.getKVClient().get(bytes("no such key")))
                .getHeader()
                .getRevision();
    }

    Optional<KeyValue> get(String key) {
        return answer(client.getKVClient().get(bytes(key))).getKvs().stream().findFirst();
    }

    /** The value of a key, or "absent". */
    String text(String key) {
        return get(key).map(kv -> kv.getValue().toString(UTF_8)).orElse("absent");
    }

    /** The lease of a key, or -1. */
    long leaseOf(String key) {
        return get(key).map(KeyValue::getLease).orElse(-1L);
    }

    List<String> keys(String prefix) {
        return answer(client.getKVClient()
                        .get(bytes(prefix), GetOption.builder().isPrefix(true).build()))
                .getKvs()
                .stream()
                .map(kv -> kv.getKey().toString(UTF_8))
                .toList();
    }

    long put(String key, String value) {
        return put(key, bytes(value));
    }

    long put(String key, ByteSequence value) {
        return answer(client.getKVClient().put(bytes(key), value)).getHeader().getRevision();
    }

    long put(String key, String value, long lease) {
        return answer(client.getKVClient()
                        .put(
                                bytes(key),
                                bytes(value),
                                PutOption.builder().withLeaseId(lease).build()))
                .getHeader()
                .getRevision();
    }

    long grant(Duration ttl) {
        return answer(client.getLeaseClient().grant(ttl.toSeconds())).getID();
    }

    /** For how long it was granted; negative if it is gone. */
    Duration ttl(long lease) {
        return Duration.ofSeconds(
                answer(client.getLeaseClient().timeToLive(lease, LeaseOption.DEFAULT))
                                        .getTTL()
                                < 0
                        ? -1
                        : answer(client.getLeaseClient().timeToLive(lease, LeaseOption.DEFAULT))
                                .getGrantedTTL());
    }

    long delete(String key) {
        return answer(client.getKVClient().delete(bytes(key))).getHeader().getRevision();
    }

    void commit(Op... operations) {
        var unused = answer(client.getKVClient().txn().Then(operations).commit());
    }

    /** What was before the last revision cannot be read any more. */
    void compact() {
        var unused = answer(client.getKVClient().compact(revision()));
    }

    void revoke(long lease) {
        var unused = answer(client.getLeaseClient().revoke(lease));
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
