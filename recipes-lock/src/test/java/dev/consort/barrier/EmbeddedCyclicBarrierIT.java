/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The cyclic barrier on the embedded server. */
class EmbeddedCyclicBarrierIT extends CyclicBarrierContract {
    @Override
    Server server() {
        return Server.EMBEDDED;
    }
}
