/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EmbeddedEtcd;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A session is closed while etcd does not answer: what it held is free as soon as etcd does, and not only after the TTL. */
class CloseUnansweredIT {
    @Test
    void leaseThatCouldNotBeRevokedInTime_isRevokedLater() {
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Connection connection = Connection.to(etcd.endpoints().get(0))
                        .requestTimeout(Duration.ofMillis(300))
                        .open()) {
            Session session =
                    Session.builder(connection).ttl(Duration.ofMinutes(10)).open();
            CallFault silence =
                    etcd.faults().every(CallMatcher.method("Lease/LeaseRevoke")).hangRequest();
            session.close();
            assertThat(silence.hits()).isPositive();
            assertThat(etcd.leases()).containsExactly(session.leaseId());

            silence.stop();
            await().atMost(Duration.ofSeconds(20)).until(() -> etcd.leases().isEmpty());
        }
    }
}
