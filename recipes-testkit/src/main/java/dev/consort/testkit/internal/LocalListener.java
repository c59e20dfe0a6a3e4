/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;

/** Accepts {@link LocalConnection}s. */
final class LocalListener extends LocalServerChannel {
    LocalListener() {}

    @Override
    protected LocalChannel newLocalChannel(LocalChannel peer) {
        return new LocalConnection(this, peer);
    }
}
