/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

/** Priorities on a real etcd. */
class PriorityIT extends PriorityContract {
    @Override
    Peer join() {
        return Peer.join();
    }
}
