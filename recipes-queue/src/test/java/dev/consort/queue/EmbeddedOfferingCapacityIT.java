/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers to a limited queue on the embedded server. */
@Isolated("counts revisions")
class EmbeddedOfferingCapacityIT extends OfferingCapacityContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
