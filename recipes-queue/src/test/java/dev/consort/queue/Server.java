/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.core.Connection;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** A server for tests, past the code under test: one of each kind for all of them. */
final class Server {
    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    /** Each is started by the first that asks for it. */
    private static final class Real {
        static final Server SERVER =
                new Server(EtcdProcess.builder().unsafeNoFsync().start());
    }

    private static final class Embedded {
        static final EmbeddedEtcd ETCD = EmbeddedEtcd.start();
        static final Server SERVER = new Server(ETCD);
    }

    /** An item as etcd has it. */
    record Item(String key, String order, String unique, long created, long version, long lease, String value) {
        /** The order in which a queue gives them out. */
        static final Comparator<Item> FIRST = Comparator.comparing((Item item) -> item.order() + "/")
                .thenComparing(Item::created)
                .thenComparing(Item::unique);
    }

    private final EtcdServer etcd;
    private final Client client;

    private Server(EtcdServer etcd) {
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

    /** One that writes to its disk, as users have it. */
    static Server durable() {
        return new Server(EtcdProcess.builder().start());
    }

    static Server embedded() {
        return Embedded.SERVER;
    }

    /** The one behind {@link #embedded()}. */
    static EmbeddedEtcd embeddedEtcd() {
        return Embedded.ETCD;
    }

    Peer peer() {
        return peer(Duration.ofSeconds(10));
    }

    Peer peer(Duration ttl) {
        return new Peer(etcd.endpoints(), ttl);
    }

    /** One whose clock is wrong. */
    Peer peer(Timing timing) {
        return new Peer(etcd.endpoints(), Duration.ofSeconds(10), timing);
    }

    Party join() {
        return new Party(etcd.endpoints());
    }

    /** A name that no other test uses, nor nests with. */
    static String freshName() {
        return "queue-" + names.incrementAndGet();
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

    /** The items of a queue, the first one first. */
    List<Item> items(String name) {
        ByteSequence prefix = bytes(name + "/q/i/");
        return answer(client.getKVClient()
                        .get(prefix, GetOption.builder().isPrefix(true).build()))
                .getKvs()
                .stream()
                .map(Server::item)
                .sorted(Item.FIRST)
                .toList();
    }

    private static Item item(KeyValue kv) {
        String key = kv.getKey().toString(UTF_8);
        String[] parts = key.split("/", -1);
        return new Item(
                key,
                parts[parts.length - 2],
                parts[parts.length - 1],
                kv.getCreateRevision(),
                kv.getVersion(),
                kv.getLease(),
                kv.getValue().toString(UTF_8));
    }

    /** The keys of the holds of a queue. */
    List<String> holds(String name) {
        return keys(name + "/q/h/");
    }

    /** The keys below a prefix. */
    List<String> keys(String prefix) {
        return answer(client.getKVClient()
                        .get(bytes(prefix), GetOption.builder().isPrefix(true).build()))
                .getKvs()
                .stream()
                .map(kv -> kv.getKey().toString(UTF_8))
                .toList();
    }

    List<String> values(String name) {
        return items(name).stream().map(Item::value).toList();
    }

    long put(String key, String value) {
        return answer(client.getKVClient().put(bytes(key), bytes(value)))
                .getHeader()
                .getRevision();
    }

    long delete(String key) {
        return answer(client.getKVClient().delete(bytes(key))).getHeader().getRevision();
    }

    /** What was before the last revision cannot be read any more. */
    void compact() {
        var unused = answer(client.getKVClient().compact(revision()));
    }

    /** In bytes, without what was before the last revision. */
    long databaseSize() {
        var unused = answer(client.getKVClient()
                .compact(
                        revision(),
                        CompactOption.builder().withCompactPhysical(true).build()));
        String endpoint = etcd.endpoints().get(0);
        var unusedToo = answer(client.getMaintenanceClient().defragmentMember(endpoint));
        return answer(client.getMaintenanceClient().statusMember(endpoint)).getDbSize();
    }

    /** For how many items the processes stand in line. */
    int waiting(String name) {
        return keys(name + "/q/w/").stream()
                .mapToInt(key -> Integer.parseInt(text(key).split(" ", -1)[1]))
                .sum();
    }

    void awaitWaiting(String name, int items) {
        Awaitility.await().until(() -> waiting(name) == items);
    }

    void revoke(long lease) {
        var unused = answer(client.getLeaseClient().revoke(lease));
    }

    /** For how long it was granted. */
    Duration ttl(long lease) {
        return Duration.ofSeconds(answer(client.getLeaseClient().timeToLive(lease, LeaseOption.DEFAULT))
                .getGrantedTTL());
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
