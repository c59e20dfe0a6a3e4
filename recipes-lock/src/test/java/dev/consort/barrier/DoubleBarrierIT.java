/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The double barrier on a real etcd. */
class DoubleBarrierIT extends DoubleBarrierContract {
    @Override
    Server server() {
        return Server.REAL;
    }
}
