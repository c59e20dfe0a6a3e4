/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

/** The latch on the embedded server. */
class EmbeddedLatchIT extends LatchContract {
    @Override
    Server server() {
        return Server.EMBEDDED;
    }
}
