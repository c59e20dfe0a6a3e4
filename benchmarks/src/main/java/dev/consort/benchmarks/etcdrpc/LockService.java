/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.etcdrpc;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;

/** etcd's own Lock service. */
public final class LockService implements Locker {
    private final LeasedClient client;
    private final ByteSequence name;

    public LockService(String endpoint, String name) {
        this.client = new LeasedClient(endpoint);
        this.name = LeasedClient.bytes(name);
    }

    @Override
    public void locked(Runnable critical) {
        ByteSequence owned = Must.answer(client.client().getLockClient().lock(name, client.lease()))
                .getKey();
        critical.run();
        var unused = Must.answer(client.client().getLockClient().unlock(owned));
    }

    @Override
    public void close() {
        client.close();
    }
}
