/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.PutResponse;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A look into a server, past the code under test, and a hand in it. */
record EtcdLook(Client client) {
    /** The revision of the last commit. */
    long revision() {
        return get(bytes("no such key"), GetOption.DEFAULT).getHeader().getRevision();
    }

    /** The claims on a name in the order of the queue, foreign keys included. */
    List<KeyValue> claims(String name) {
        return get(
                        bytes(name + "/"),
                        GetOption.builder()
                                .isPrefix(true)
                                .withSortField(SortTarget.CREATE)
                                .withSortOrder(SortOrder.ASCEND)
                                .build())
                .getKvs();
    }

    void awaitClaims(String name, int count) {
        await().untilAsserted(() -> assertThat(claims(name)).hasSize(count));
    }

    GetResponse get(ByteSequence key, GetOption option) {
        return answer(client.getKVClient().get(key, option));
    }

    /** The value of a key that is there. */
    String value(String key) {
        return get(bytes(key), GetOption.DEFAULT).getKvs().get(0).getValue().toString(UTF_8);
    }

    PutResponse put(String key, ByteSequence value, long lease) {
        return answer(client.getKVClient()
                .put(bytes(key), value, PutOption.builder().withLeaseId(lease).build()));
    }

    void delete(ByteSequence key) {
        answer(client.getKVClient().delete(key));
    }

    long grantLease(long seconds) {
        return answer(client.getLeaseClient().grant(seconds)).getID();
    }

    void revoke(long lease) {
        answer(client.getLeaseClient().revoke(lease));
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    /** What a plain call came to, in reasonable time. */
    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
