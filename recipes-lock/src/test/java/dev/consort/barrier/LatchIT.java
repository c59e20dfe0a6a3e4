/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The latch on a real etcd. */
class LatchIT extends LatchContract {
    @Override
    Server server() {
        return Server.REAL;
    }
}
