/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues by delay on a real etcd. */
class DistributedDelayQueueIT extends DistributedDelayQueueContract {
    @Override
    Server server() {
        return Server.real();
    }
}
