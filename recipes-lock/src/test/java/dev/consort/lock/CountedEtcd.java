/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.List;

/**
 * A second real server, whose revisions are counted. Only for isolated classes, which end the leases that they leave: one of
 * another test that ran out, or was revoked late, would be a revision more.
 */
final class CountedEtcd {
    private static final EtcdProcess process =
            EtcdProcess.builder().unsafeNoFsync().start();
    private static final Client client = Client.builder()
            .endpoints(process.endpoints().toArray(new String[0]))
            .build();
    private static final EtcdLook look = new EtcdLook(client);

    static {
        FirstSession.on(process.endpoints().get(0));
    }

    private CountedEtcd() {}

    static Party join(Duration ttl) {
        return Party.join(process.endpoints(), ttl);
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

    /** Of all that is there. Closing waits for a revocation only so long, and a late one would be counted. */
    static void endLeases() {
        look
                .get(
                        EtcdLook.bytes("\0"),
                        GetOption.builder().withRange(EtcdLook.bytes("\0")).build())
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
