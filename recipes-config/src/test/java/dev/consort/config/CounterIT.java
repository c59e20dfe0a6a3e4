/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Counters and ids on a real etcd. */
@Isolated("counts revisions")
class CounterIT extends CounterContract {
    @Override
    Server server() {
        return Server.counted();
    }
}
