/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers on a real etcd. */
@Isolated("counts revisions")
class OfferingIT extends OfferingContract {
    @Override
    Server server() {
        return Server.real();
    }
}
