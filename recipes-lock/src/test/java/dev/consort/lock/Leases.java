/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
import java.nio.charset.StandardCharsets;

/** Those of a server whose revisions are counted. */
public final class Leases {
    private Leases() {}

    /** Ends all to which a key is bound. Closing a session waits for its revocation only so long, and a late one would be counted. */
    public static void endAll(Client client) {
        ByteSequence all = ByteSequence.from("\0", StandardCharsets.UTF_8);
        EtcdLook.answer(client.getKVClient()
                        .get(all, GetOption.builder().withRange(all).build()))
                .getKvs()
                .stream()
                .map(KeyValue::getLease)
                .filter(lease -> lease != 0)
                .distinct()
                .forEach(lease -> client.getLeaseClient()
                        .revoke(lease)
                        .handle((done, gone) -> true) // by its owner meanwhile
                        .join());
    }
}
