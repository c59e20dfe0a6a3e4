/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The double barrier on the embedded server. */
class EmbeddedDoubleBarrierIT extends DoubleBarrierContract {
    @Override
    Server server() {
        return Server.EMBEDDED;
    }
}
