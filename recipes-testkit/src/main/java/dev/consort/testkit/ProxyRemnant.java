/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * One socket of a connection whose other side has been reset: what it still sends is thrown away until it ends, or is
 * reset at its time. Confined to the proxy's thread.
 */
final class ProxyRemnant {
    static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SocketChannel channel;
    private final long resetAt;

    /** Takes over the socket; {@code Long.MAX_VALUE} for one that is never reset. */
    ProxyRemnant(SelectionKey key, long resetAt) {
        this.channel = (SocketChannel) key.channel();
        this.resetAt = resetAt;
        if (key.isValid() && channel.isConnected()) {
            key.attach(this);
            key.interestOps(SelectionKey.OP_READ);
        } else {
            reset();
        }
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    void ready(ByteBuffer buffer) {
        buffer.clear();
        try {
            if (channel.read(buffer) < 0) {
                ProxyLink.close(channel);
            }
        } catch (IOException e) {
            ProxyLink.close(channel);
        }
    }

    /** Resets it if it is time to; returns how long until then. */
    long pump(long now) {
        if (resetAt == Long.MAX_VALUE || !isOpen()) {
            return Long.MAX_VALUE;
        }
        if (resetAt - now <= 0) {
            reset();
        }
        return Math.max(0, resetAt - now);
    }

    void reset() {
        ProxyLink.reset(channel);
    }
}
