/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Writing settings on the embedded server. */
@Isolated("compacts, and counts revisions")
class EmbeddedConfigWriterIT extends ConfigWriterContract {
    @Override
    Server server() {
        return Server.countedEmbedded();
    }
}
