/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** On a real etcd. */
class BlockingQueuePromisesIT extends BlockingQueuePromisesContract {
    @Override
    Server server() {
        return Server.real();
    }
}
