/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** The shared value on a real etcd. */
@Isolated("compacts")
class SharedValueIT extends SharedValueContract {
    @Override
    Server server() {
        return Server.real();
    }
}
