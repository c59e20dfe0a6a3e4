/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.rate;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Contenders on etcd's Lock service through jetcd, with a client and a lease each. */
final class LockRpcLoad extends Load {
    private final String endpoint;
    private final int clients;

    LockRpcLoad(String endpoint, int clients) {
        this.endpoint = endpoint;
        this.clients = clients;
    }

    @Override
    List<Contender> open(String name) {
        ByteSequence key = ByteSequence.from(name, StandardCharsets.UTF_8);
        List<Contender> contenders = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Client client = Client.builder().endpoints(endpoint).build();
            long lease = get(client.getLeaseClient().grant(120)).getID();
            contenders.add(new Contender() {
                @Override
                public void lockAndUnlock(Runnable critical) {
                    ByteSequence owned =
                            get(client.getLockClient().lock(key, lease)).getKey();
                    critical.run();
                    get(client.getLockClient().unlock(owned));
                }

                @Override
                public void close() {
                    get(client.getLeaseClient().revoke(lease));
                    client.close();
                }
            });
        }
        return contenders;
    }

    private static <T> T get(CompletableFuture<T> answer) {
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("etcd's Lock service failed", e);
        }
    }
}
