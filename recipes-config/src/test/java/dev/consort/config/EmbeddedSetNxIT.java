/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Set-if-absent on the embedded server. */
@Isolated("counts leases")
class EmbeddedSetNxIT extends SetNxContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
