/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * The threads and sockets of one server: two threads for TCP, one more for connections inside this JVM. Threadsafe.
 */
final class Network implements AutoCloseable {
    private static final int TCP_THREADS = 2;
    private static final long KEEPALIVE_SECONDS = 5;
    private static final int NO_LIMIT = 256 * 1024 * 1024;
    private static final long END_SECONDS = 10;

    private final Threads threads = new Threads();
    private final IoEventLoopGroup tcp =
            new MultiThreadIoEventLoopGroup(TCP_THREADS, threads, NioIoHandler.newFactory());
    private final IoEventLoopGroup local = new MultiThreadIoEventLoopGroup(1, threads, LocalIoHandler.newFactory());

    /** Makes threads and remembers them, since a group says that it has ended just before its threads do. */
    private static final class Threads extends DefaultThreadFactory {
        private final Queue<Thread> made = new ConcurrentLinkedQueue<>();

        Threads() {
            super("embedded-etcd", true);
        }

        @Override
        protected Thread newThread(Runnable task, String name) {
            Thread thread = super.newThread(task, name);
            made.add(thread);
            return thread;
        }

        void join() {
            boolean interrupted = false;
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
            for (Thread thread : made) {
                while (thread.isAlive() && System.nanoTime() - deadline < 0) {
                    try {
                        thread.join(TimeUnit.SECONDS.toMillis(1));
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Accepts connections and remembers them while they last. */
    private static final class Listener extends NioServerSocketChannel {
        private final Set<Channel> connections;

        Listener(Set<Channel> connections) {
            this.connections = connections;
        }

        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            int count = super.doReadMessages(accepted);
            for (Object child : accepted) {
                if (child instanceof Channel connection && connections.add(connection)) {
                    connection.closeFuture().addListener(closed -> connections.remove(connection));
                }
            }
            return count;
        }
    }

    static Set<Channel> connections() {
        return ConcurrentHashMap.newKeySet();
    }

    /** Settings of a server on a free loopback port, as etcd's. Its sending is limited in size below gRPC. */
    NettyServerBuilder onLoopback(Set<Channel> connections) {
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .channelFactory(() -> new Listener(connections))
                .bossEventLoopGroup(tcp)
                .workerEventLoopGroup(tcp)
                .directExecutor()
                .maxInboundMessageSize(NO_LIMIT)
                .permitKeepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS);
    }

    NettyServerBuilder inJvm(LocalAddress address) {
        return NettyServerBuilder.forAddress(address)
                .channelFactory(LocalListener::new)
                .bossEventLoopGroup(local)
                .workerEventLoopGroup(local)
                .directExecutor()
                .maxInboundMessageSize(NO_LIMIT)
                .permitKeepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS);
    }

    ManagedChannel channelTo(LocalAddress address) {
        return NettyChannelBuilder.forAddress(address)
                .channelFactory(LocalConnection::new)
                .eventLoopGroup(local)
                .maxInboundMessageSize(NO_LIMIT)
                .usePlaintext()
                .build();
    }

    /** Runs a task every period until the server ends. */
    void every(long periodMillis, Runnable task) {
        var unused = tcp.next().scheduleAtFixedRate(task, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    }

    /** Ends all threads, and waits for that. */
    @Override
    public void close() {
        var unusedTcp = tcp.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        var unusedLocal = local.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        threads.join();
    }
}
