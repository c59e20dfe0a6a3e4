/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The cyclic barrier on a real etcd. */
class CyclicBarrierIT extends CyclicBarrierContract {
    @Override
    Server server() {
        return Server.REAL;
    }
}
