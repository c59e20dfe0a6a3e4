/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.jetcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.benchmarks.Must;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;

/** A client of its own with a lease that is kept alive, as each participant on jetcd has one. Thread-safe. */
public final class LeasedClient implements AutoCloseable {
    /** Long enough that a lost lease shows as a failure, and not as a slow round. */
    private static final long TTL_SECONDS = 60;

    private final Client client;
    private final long lease;
    private final PutOption leased;
    private final CloseableClient renewal;

    public LeasedClient(String endpoint) {
        client = open(endpoint);
        lease = Must.answer(client.getLeaseClient().grant(TTL_SECONDS)).getID();
        leased = PutOption.builder().withLeaseId(lease).build();
        renewal = client.getLeaseClient().keepAlive(lease, new Unheard());
    }

    /** A client that pings while it has calls only, or etcd sends it away when it idles. */
    public static Client open(String endpoint) {
        return Client.builder().endpoints(endpoint).keepaliveWithoutCalls(false).build();
    }

    /** Whoever has lost the lease learns it by the next operation. */
    private static final class Unheard implements StreamObserver<LeaseKeepAliveResponse> {
        @Override
        public void onNext(LeaseKeepAliveResponse answer) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    public static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    public Client client() {
        return client;
    }

    public KV kv() {
        return client.getKVClient();
    }

    public long lease() {
        return lease;
    }

    /** For puts of keys that go with the lease. */
    public PutOption leased() {
        return leased;
    }

    /** Revokes the lease, whose keys go too. */
    @Override
    public void close() {
        renewal.close();
        var unused = Must.answer(client.getLeaseClient().revoke(lease));
        client.close();
    }
}
