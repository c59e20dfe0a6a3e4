/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Waiting for room on a real etcd. */
class RoomIT extends RoomContract {
    @Override
    Server server() {
        return Server.real();
    }
}
