/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The one real server of all tests of this module, and a look into it. */
final class Etcd {
    static final EtcdProcess process = EtcdProcess.builder().unsafeNoFsync().start();
    static final Client client = Client.builder()
            .endpoints(process.endpoints().toArray(new String[0]))
            .build();
    static final EtcdLook look = new EtcdLook(client);

    static {
        FirstSession.on(process.endpoints().get(0));
    }

    private Etcd() {}

    static String freshName() {
        return Names.fresh();
    }

    /** The revision of the last commit. */
    static long revision() {
        return look.revision();
    }

    /** The claims on a name in the order of the queue, foreign keys included. */
    static List<KeyValue> claims(String name) {
        return look.claims(name);
    }

    static void awaitClaims(String name, int count) {
        look.awaitClaims(name, count);
    }

    static GetResponse get(ByteSequence key, GetOption option) {
        return look.get(key, option);
    }

    static PutResponse put(String key, String value) {
        return answer(client.getKVClient().put(bytes(key), bytes(value)));
    }

    /** A put with a lease, as another client makes its claim. */
    static PutResponse put(String key, long lease) {
        return look.put(key, bytes(""), lease);
    }

    static PutResponse put(String key, ByteSequence value, long lease) {
        return look.put(key, value, lease);
    }

    static void delete(ByteSequence key) {
        look.delete(key);
    }

    static long grantLease(long seconds) {
        return look.grantLease(seconds);
    }

    static void revoke(long lease) {
        look.revoke(lease);
    }

    static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    /** The median of some runs, which a busy machine does not move much. */
    static Duration usualTimeOf(int runs, Supplier<Duration> run) {
        List<Duration> times = Stream.generate(run).limit(runs).sorted().toList();
        return times.get(runs / 2);
    }

    static ByteSequence bytes(String text) {
        return EtcdLook.bytes(text);
    }

    /** What a plain call came to, in reasonable time. */
    static <T> T answer(CompletableFuture<T> call) {
        return EtcdLook.answer(call);
    }
}
