/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

/** The election on a real etcd. */
class LeaderElectionIT extends LeaderElectionContract {
    @Override
    Peer join() {
        return Peer.join();
    }
}
