/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Rolling back settings on the embedded server. */
@Isolated("compacts, and counts revisions")
class EmbeddedRollBackIT extends RollBackContract {
    @Override
    Server server() {
        return Server.countedEmbedded();
    }
}
