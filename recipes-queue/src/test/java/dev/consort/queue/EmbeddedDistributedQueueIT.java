/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues first in, first out, on the embedded server. */
class EmbeddedDistributedQueueIT extends DistributedQueueContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
