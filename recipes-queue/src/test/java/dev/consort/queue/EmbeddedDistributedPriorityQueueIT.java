/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues by priority on the embedded server. */
class EmbeddedDistributedPriorityQueueIT extends DistributedPriorityQueueContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
