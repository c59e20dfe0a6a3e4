/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.ByteString;
import dev.consort.testkit.internal.EmbeddedServer;
import io.grpc.StatusRuntimeException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is in an embedded etcd, seen past its network and the faults there. Threadsafe. */
final class EmbeddedContents implements EtcdContents {
    private final EmbeddedServer server;

    EmbeddedContents(EmbeddedServer server) {
        this.server = server;
    }

    @Override
    public Map<ByteString, Long> keys() {
        return server.keys();
    }

    @Override
    public Set<Long> leases() {
        return Set.copyOf(server.leases());
    }

    @Override
    public List<String> watches() {
        return server.watchedRanges().stream()
                .map(range -> EtcdNames.range(range.get(0), range.get(1)))
                .toList();
    }

    @Override
    public void remove(Collection<ByteString> keys, Collection<Long> leases) {
        leases.forEach(this::revoke);
        keys.forEach(server::delete);
    }

    private void revoke(long lease) {
        try {
            server.revoke(lease);
        } catch (StatusRuntimeException e) {
            if (leases().contains(lease)) {
                throw e;
            }
            // It expired meanwhile.
        }
    }

    @Override
    public void close() {}
}
