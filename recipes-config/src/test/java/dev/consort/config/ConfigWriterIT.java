/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Writing settings on a real etcd. */
@Isolated("compacts, and counts revisions")
class ConfigWriterIT extends ConfigWriterContract {
    @Override
    Server server() {
        return Server.counted();
    }
}
