/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Rolling back settings on a real etcd. */
@Isolated("compacts, and counts revisions")
class RollBackIT extends RollBackContract {
    @Override
    Server server() {
        return Server.counted();
    }
}
