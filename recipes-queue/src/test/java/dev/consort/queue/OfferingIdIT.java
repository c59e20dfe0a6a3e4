/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers by an id on a real etcd. */
@Isolated("counts revisions")
class OfferingIdIT extends OfferingIdContract {
    @Override
    Server server() {
        return Server.real();
    }
}
