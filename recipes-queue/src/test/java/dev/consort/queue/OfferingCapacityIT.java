/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers to a limited queue on a real etcd. */
@Isolated("counts revisions")
class OfferingCapacityIT extends OfferingCapacityContract {
    @Override
    Server server() {
        return Server.real();
    }
}
