/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/** Waiting for room on the embedded server. */
class EmbeddedRoomIT extends RoomContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
