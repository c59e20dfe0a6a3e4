/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** One proxied connection: the client's socket, ours to the server, and a pipe each way. Confined to the proxy's thread. */
final class ProxyLink {
    private final SocketChannel client;
    private final SocketChannel server;
    private final SelectionKey clientKey;
    private final SelectionKey serverKey;
    private final ProxyPipe toServer;
    private final ProxyPipe toClient;
    private boolean connected;

    /** Takes an accepted socket and starts to connect to the server. */
    ProxyLink(
            SocketChannel client,
            InetSocketAddress target,
            ProxyFlow toServerFlow,
            ProxyFlow toClientFlow,
            Selector selector)
            throws IOException {
        this.client = client;
        client.configureBlocking(false);
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        server = SocketChannel.open();
        server.configureBlocking(false);
        server.setOption(StandardSocketOptions.TCP_NODELAY, true);
        clientKey = client.register(selector, 0, this);
        serverKey = server.register(selector, SelectionKey.OP_CONNECT, this);
        toServer = new ProxyPipe(client, server, toServerFlow);
        toClient = new ProxyPipe(server, client, toClientFlow);
        try {
            connected = server.connect(target);
        } catch (IOException e) {
            reset();
        }
    }

    boolean isOpen() {
        return client.isOpen() && server.isOpen();
    }

    /** Carries on where the selector says that something can be done. */
    void ready(SelectionKey key, ByteBuffer buffer, long now) {
        if (!isOpen()) {
            return;
        }
        if (key.isConnectable()) {
            try {
                connected = server.finishConnect();
            } catch (IOException e) {
                reset();
                return;
            }
        }
        if (key.isReadable()) {
            (key == clientKey ? toServer : toClient).read(buffer, now);
        }
    }

    /** Forwards what is due and tells the selector what to wait for; returns how long until the next piece is due. */
    long pump(long now) {
        if (!isOpen()) {
            return Long.MAX_VALUE;
        }
        if (!connected) {
            clientKey.interestOps(0);
            serverKey.interestOps(SelectionKey.OP_CONNECT);
            return Long.MAX_VALUE;
        }
        if (!pump(toServer, toClient, now) || !pump(toClient, toServer, now)) {
            reset();
            return Long.MAX_VALUE;
        }
        if (toServer.hasEnded() && toClient.hasEnded()) {
            close(client);
            close(server);
            return Long.MAX_VALUE;
        }
        clientKey.interestOps(operations(toServer, toClient));
        serverKey.interestOps(operations(toClient, toServer));
        return Math.min(toServer.nanosUntilDue(now), toClient.nanosUntilDue(now));
    }

    private static boolean pump(ProxyPipe pipe, ProxyPipe back, long now) {
        try {
            return pipe.pump(now);
        } catch (IOException e) {
            // The target has gone: the source learns that the way all news from there takes, late or never.
            pipe.abandon();
            back.sourceReset(now);
            return true;
        }
    }

    private static int operations(ProxyPipe reading, ProxyPipe writing) {
        return (reading.wantsToRead() ? SelectionKey.OP_READ : 0)
                | (writing.wantsToWrite() ? SelectionKey.OP_WRITE : 0);
    }

    /** Resets both sides. */
    void reset() {
        reset(client);
        reset(server);
    }

    /** Resets one side and leaves the other one open and silent. */
    ProxyRemnant resetOnly(Direction direction) {
        lookWhetherConnected();
        boolean clientSees = direction == Direction.TO_CLIENT;
        reset(clientSees ? client : server);
        return new ProxyRemnant(clientSees ? serverKey : clientKey, Long.MAX_VALUE);
    }

    /**
     * Resets the side that sends in this direction. The other side is told the end of the stream, since a reset might
     * overtake the bytes it has still to get.
     */
    ProxyRemnant cut(Direction direction, long now) {
        boolean fromClient = direction == Direction.TO_SERVER;
        lookWhetherConnected();
        if (!connected) {
            reset();
        }
        reset(fromClient ? client : server);
        SelectionKey receiver = fromClient ? serverKey : clientKey;
        try {
            if (connected) {
                ((SocketChannel) receiver.channel()).shutdownOutput();
            }
        } catch (IOException e) {
            reset((SocketChannel) receiver.channel());
        }
        return new ProxyRemnant(receiver, now + ProxyRemnant.GRACE_NANOS);
    }

    /* The server may have accepted before the selector has told us. */
    private void lookWhetherConnected() {
        try {
            connected = connected || (server.isOpen() && server.finishConnect());
        } catch (IOException e) {
            reset();
        }
    }

    static void reset(SocketChannel channel) {
        try {
            if (channel.isOpen()) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            // It has been reset by the other end.
        }
        close(channel);
    }

    static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // There is nothing left to be closed then.
        }
    }
}
