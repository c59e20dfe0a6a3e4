/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Queues as java.util.concurrent knows them, on a real etcd. */
class BlockingViewIT extends BlockingViewContract {
    @Override
    Server server() {
        return Server.real();
    }
}
