/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues as java.util.concurrent knows them, on the embedded server. */
class EmbeddedBlockingViewIT extends BlockingViewContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
