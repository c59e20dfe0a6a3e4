/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import org.junit.jupiter.api.parallel.Isolated;

/** Set-if-absent on a real etcd. */
@Isolated("counts leases")
class SetNxIT extends SetNxContract {
    @Override
    Server server() {
        return Server.real();
    }
}
