/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** How much may be changed at once, on the embedded server. */
@Isolated("counts revisions")
class EmbeddedConfigWriterLimitsIT extends ConfigWriterLimitsContract {
    @Override
    Server server() {
        return Server.countedEmbedded();
    }
}
