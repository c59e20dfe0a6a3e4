/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues by priority on a real etcd. */
class DistributedPriorityQueueIT extends DistributedPriorityQueueContract {
    @Override
    Server server() {
        return Server.real();
    }
}
