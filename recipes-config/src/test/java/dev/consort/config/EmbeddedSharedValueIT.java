/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** The shared value on the embedded server. */
@Isolated("compacts")
class EmbeddedSharedValueIT extends SharedValueContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
