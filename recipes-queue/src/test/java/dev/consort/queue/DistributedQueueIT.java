/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues first in, first out, on a real etcd. */
class DistributedQueueIT extends DistributedQueueContract {
    @Override
    Server server() {
        return Server.real();
    }
}
