/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** The one server of all tests of this module, and a look into it past the code under test. */
final class Etcd {
    static final EtcdProcess process = EtcdProcess.builder().unsafeNoFsync().start();
    static final Client client = Client.builder()
            .endpoints(process.endpoints().toArray(new String[0]))
            .build();

    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private Etcd() {}

    /** A name that no other test uses, nor nests with. */
    static String freshName() {
        return "name-" + names.incrementAndGet();
    }

    /** The revision of the last commit. */
    static long revision() {
        return get(bytes("no such key"), GetOption.DEFAULT).getHeader().getRevision();
    }

    /** The claims on a name in the order of the queue, foreign keys included. */
    static List<KeyValue> claims(String name) {
        return get(
                        bytes(name + "/"),
                        GetOption.builder()
                                .isPrefix(true)
                                .withSortField(SortTarget.CREATE)
                                .withSortOrder(SortOrder.ASCEND)
                                .build())
                .getKvs();
    }

    static void awaitClaims(String name, int count) {
        await().untilAsserted(() -> assertThat(claims(name)).hasSize(count));
    }

    static GetResponse get(ByteSequence key, GetOption option) {
        return answer(client.getKVClient().get(key, option));
    }

    static PutResponse put(String key, String value) {
        return answer(client.getKVClient().put(bytes(key), bytes(value)));
    }

    /** A put with a lease, as another client makes its claim. */
    static PutResponse put(String key, long lease) {
        return answer(client.getKVClient()
                .put(
                        bytes(key),
                        bytes(""),
                        PutOption.builder().withLeaseId(lease).build()));
    }

    static PutResponse put(String key, ByteSequence value, long lease) {
        return answer(client.getKVClient()
                .put(bytes(key), value, PutOption.builder().withLeaseId(lease).build()));
    }

    static void delete(ByteSequence key) {
        answer(client.getKVClient().delete(key));
    }

    static long grantLease(long seconds) {
        return answer(client.getLeaseClient().grant(seconds)).getID();
    }

    static void revoke(long lease) {
        answer(client.getLeaseClient().revoke(lease));
    }

    /** The median of some runs, which a busy machine does not move much. */
    static Duration usualTimeOf(int runs, Supplier<Duration> run) {
        List<Duration> times = Stream.generate(run).limit(runs).sorted().toList();
        return times.get(runs / 2);
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    /** What a plain call came to, in reasonable time. */
    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
