/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.common.collect.Lists;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** A foreign client of the cluster, plain jetcd: looks at the keys past the engine, and does what operators do. */
final class Operator implements AutoCloseable {
    private final Client client;

    Operator(List<String> endpoints) {
        client = Client.builder().endpoints(endpoints.toArray(String[]::new)).build();
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static <T> T answer(CompletableFuture<T> call) {
        try {
            return call.get(20, SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What stands below a prefix, in the order of create revisions. */
    List<KeyValue> below(String prefix) {
        GetOption option = GetOption.builder()
                .isPrefix(true)
                .withSortField(GetOption.SortTarget.CREATE)
                .withSortOrder(GetOption.SortOrder.ASCEND)
                .build();
        return answer(client.getKVClient().get(bytes(prefix), option)).getKvs();
    }

    /** The claims of a name, in the order of the queue. */
    List<KeyValue> claims(String name) {
        return below(name + "/");
    }

    /** The value of a key; empty text if there is none. */
    String value(String key) {
        List<KeyValue> found = answer(client.getKVClient().get(bytes(key))).getKvs();
        return found.isEmpty() ? "" : found.get(0).getValue().toString(UTF_8);
    }

    void put(String key, String value) {
        answer(client.getKVClient().put(bytes(key), bytes(value)));
    }

    /** All in one transaction; returns its revision. */
    @CanIgnoreReturnValue
    long putAll(Map<String, String> values) {
        Op[] puts = values.entrySet().stream()
                .map(entry -> Op.put(bytes(entry.getKey()), bytes(entry.getValue()), PutOption.DEFAULT))
                .toArray(Op[]::new);
        return answer(client.getKVClient().txn().Then(puts).commit())
                .getHeader()
                .getRevision();
    }

    /** Keys 0 to count - 1 below the prefix, a hundred in each revision. */
    void putMany(String prefix, int count, String value) {
        for (int from = 0; from < count; from += 100) {
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = from; i < Math.min(count, from + 100); i++) {
                values.put(prefix + i, value);
            }
            putAll(values);
        }
    }

    /** All below the prefix at once; returns the revision. */
    @CanIgnoreReturnValue
    long deleteBelow(String prefix) {
        DeleteOption option = DeleteOption.builder().isPrefix(true).build();
        return answer(client.getKVClient().delete(bytes(prefix), option))
                .getHeader()
                .getRevision();
    }

    /** Puts what a key holds once more, under the same lease. */
    void putAgain(String key) {
        KeyValue kv = answer(client.getKVClient().get(bytes(key))).getKvs().get(0);
        PutOption option = PutOption.builder().withLeaseId(kv.getLease()).build();
        answer(client.getKVClient().put(bytes(key), kv.getValue(), option));
    }

    void put(String key, String value, long lease) {
        PutOption option = PutOption.builder().withLeaseId(lease).build();
        answer(client.getKVClient().put(bytes(key), bytes(value), option));
    }

    /** Claims as Go programs make them, many in a commit. */
    void putAll(List<String> keys, long lease) {
        PutOption option = PutOption.builder().withLeaseId(lease).build();
        for (List<String> some : Lists.partition(keys, 100)) {
            Op[] puts = some.stream()
                    .map(key -> Op.put(bytes(key), ByteSequence.EMPTY, option))
                    .toArray(Op[]::new);
            answer(client.getKVClient().txn().Then(puts).commit());
        }
    }

    /** Returns the revision. */
    @CanIgnoreReturnValue
    long delete(ByteSequence key) {
        return answer(client.getKVClient().delete(key)).getHeader().getRevision();
    }

    /** Compacts away all revisions before the present one. */
    void compact() {
        long now = answer(client.getKVClient().get(bytes("-"))).getHeader().getRevision();
        answer(client.getKVClient().compact(now));
    }

    long grant(long seconds) {
        return answer(client.getLeaseClient().grant(seconds)).getID();
    }

    void revoke(long lease) {
        answer(client.getLeaseClient().revoke(lease));
    }

    boolean hasLease(long lease) {
        return answer(client.getLeaseClient().timeToLive(lease, LeaseOption.DEFAULT))
                        .getTTL()
                >= 0;
    }

    @Override
    public void close() {
        client.close();
    }
}
