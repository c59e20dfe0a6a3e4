/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Counters and ids on the embedded server. */
@Isolated("counts revisions")
class EmbeddedCounterIT extends CounterContract {
    @Override
    Server server() {
        return Server.countedEmbedded();
    }
}
