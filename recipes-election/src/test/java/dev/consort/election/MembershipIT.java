/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

/** The group on a real etcd. */
class MembershipIT extends MembershipContract {
    @Override
    Peer join() {
        return Peer.join();
    }
}
