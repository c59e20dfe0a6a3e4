/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues by delay on the embedded server. */
class EmbeddedDistributedDelayQueueIT extends DistributedDelayQueueContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
