/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The barrier on the embedded server. */
class EmbeddedBarrierIT extends BarrierContract {
    @Override
    Server server() {
        return Server.EMBEDDED;
    }
}
