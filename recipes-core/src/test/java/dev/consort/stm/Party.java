/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.Connection;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.options.DeleteOption;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** What is a process of its own as far as etcd can tell, and a look into the server past what is tested. */
final class Party implements AutoCloseable {
    private static final AtomicInteger names = new AtomicInteger();

    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Client client;
    final Connection connection;

    Party(EtcdServer etcd) {
        this(etcd, "");
    }

    Party(EtcdServer etcd, String namespace) {
        client = Client.builder()
                .endpoints(etcd.endpoints().toArray(String[]::new))
                .namespace(bytes(namespace))
                .interceptor(faults, log)
                .build();
        connection = Connection.of(client);
    }

    /** A prefix that nobody else uses. */
    static String fresh() {
        return "stm-" + names.incrementAndGet() + "/";
    }

    Stm at(Isolation isolation) {
        return Stm.on(connection).isolation(isolation);
    }

    /** The revision at which it is put. */
    long put(String key, String value) {
        return answer(kv().put(bytes(key), bytes(value))).getHeader().getRevision();
    }

    void putBytes(byte[] key, byte[] value) {
        answer(kv().put(ByteSequence.from(key), ByteSequence.from(value)));
    }

    void delete(String key) {
        answer(kv().delete(bytes(key)));
    }

    void deleteAll(String prefix) {
        answer(kv().delete(bytes(prefix), DeleteOption.builder().isPrefix(true).build()));
    }

    Optional<String> value(String key) {
        return answer(kv().get(bytes(key))).getKvs().stream()
                .findFirst()
                .map(kv -> kv.getValue().toString(StandardCharsets.UTF_8));
    }

    /** How often a key was written since it was created; 0 if it does not exist. */
    long version(String key) {
        return answer(kv().get(bytes(key))).getKvs().stream()
                .findFirst()
                .map(io.etcd.jetcd.KeyValue::getVersion)
                .orElse(0L);
    }

    long modRevision(String key) {
        return answer(kv().get(bytes(key))).getKvs().stream()
                .findFirst()
                .map(io.etcd.jetcd.KeyValue::getModRevision)
                .orElse(0L);
    }

    long revision() {
        return answer(kv().get(bytes("nothing"))).getHeader().getRevision();
    }

    void compact(long revision) {
        answer(kv().compact(revision));
    }

    private KV kv() {
        return client.getKVClient();
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    static <T> T answer(CompletableFuture<T> call) {
        try {
            return call.get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        faults.clear();
        connection.close();
        client.close();
    }
}
