/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The barrier on a real etcd. */
class BarrierIT extends BarrierContract {
    @Override
    Server server() {
        return Server.REAL;
    }
}
