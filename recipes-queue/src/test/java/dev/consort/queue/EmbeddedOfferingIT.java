/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Isolated;

/** Offers on the embedded server. */
@Isolated("counts revisions")
class EmbeddedOfferingIT extends OfferingContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
