/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers by an id on the embedded server. */
@Isolated("counts revisions")
class EmbeddedOfferingIdIT extends OfferingIdContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
