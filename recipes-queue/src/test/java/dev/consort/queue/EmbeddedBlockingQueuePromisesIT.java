/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** On the embedded one. */
class EmbeddedBlockingQueuePromisesIT extends BlockingQueuePromisesContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
