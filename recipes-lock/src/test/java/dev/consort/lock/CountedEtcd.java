/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.Client;
import java.time.Duration;

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
    static final EtcdLook look = new EtcdLook(client);

    static {
        FirstSession.on(process.endpoints().get(0));
    }

    private CountedEtcd() {}

    static Party join(Duration ttl) {
        return Party.join(process.endpoints(), ttl);
    }

    static void endLeases() {
        Leases.endAll(client);
    }
}
