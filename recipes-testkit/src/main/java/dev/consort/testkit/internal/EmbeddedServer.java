/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.local.LocalAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An etcd in this JVM: members that share one state, each with a port. This class is threadsafe. */
public final class EmbeddedServer implements AutoCloseable {
    private static final int TICK_MILLIS = 500;
    private static final long END_SECONDS = 5;

    private final EmbeddedSettings settings;
    private final ServerCore core;
    private final Network network = new Network();
    private final List<Member> members = new ArrayList<>();
    private final List<Server> servers = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final List<Set<Channel>> connections = new ArrayList<>();
    private final IntFunction<ServerInterceptor> interceptors;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean paused;

    @GuardedBy("lock")
    private @Nullable ManagedChannel channel;

    @GuardedBy("lock")
    private @Nullable Server local;

    private EmbeddedServer(EmbeddedSettings settings, IntFunction<ServerInterceptor> interceptors) {
        this.settings = settings;
        this.interceptors = interceptors;
        Random random = new Random(settings.seed());
        this.core = new ServerCore(settings, random.nextLong(), random);
        for (int i = 0; i < settings.members(); i++) {
            members.add(new Member(core, i, random.nextLong(), new KvApplier(core)));
        }
    }

    /**
     * Starts a server.
     *
     * @param interceptors what a member's calls go through first, by its number
     */
    public static EmbeddedServer start(EmbeddedSettings settings, IntFunction<ServerInterceptor> interceptors) {
        EmbeddedServer server = new EmbeddedServer(settings, interceptors);
        try {
            for (Member member : server.members) {
                Set<Channel> connections = Network.connections();
                server.connections.add(connections);
                Server listening = server.with(server.network.onLoopback(connections), member)
                        .build()
                        .start();
                server.servers.add(listening);
                server.ports.add(listening.getPort());
            }
        } catch (IOException e) {
            server.close();
            throw new UncheckedIOException(e);
        }
        if (!settings.virtualClock()) {
            long period = Math.min(TICK_MILLIS, settings.progressInterval().toMillis());
            server.network.every(period, server::tick);
        }
        return server;
    }

    private List<ServerServiceDefinition> services(Member member) {
        NewerMethods newer = new NewerMethods(member);
        List<Long> ids = members.stream().map(Member::id).toList();
        return List.of(
                new KvService(member).bindService(),
                new WatchService(member).bindService(),
                newer.leaseService(new LeaseService(member)),
                new LockService(member).bindService(),
                new ElectionService(member).bindService(),
                new ClusterService(member, this::list).bindService(),
                new MaintenanceService(member, ids).bindService(),
                newer.authService(new AuthService(member)));
    }

    private NettyServerBuilder with(NettyServerBuilder builder, Member member) {
        services(member).forEach(builder::addService);
        // The last one is asked first.
        return builder.intercept(new Caller.TokenReader())
                .intercept(new SizeLimit(settings.maxRequestBytes()))
                .intercept(interceptors.apply(member.index()));
    }

    private List<io.etcd.jetcd.api.Member> list() {
        return members.stream()
                .map(member -> io.etcd.jetcd.api.Member.newBuilder()
                        .setID(member.id())
                        .setName("m" + member.index())
                        .addPeerURLs(endpoint(member.index()))
                        .addClientURLs(endpoint(member.index()))
                        .build())
                .toList();
    }

    /** The client URL of a member. */
    public String endpoint(int index) {
        return "http://127.0.0.1:" + ports.get(index);
    }

    /** A channel to the first member that does not leave this JVM. It is the server's own, and closed with it. */
    public io.grpc.Channel channel() {
        lock.lock();
        try {
            if (channel == null) {
                LocalAddress address = new LocalAddress(EmbeddedServer.class);
                local = with(network.inJvm(address), members.get(0)).build().start();
                channel = network.channelTo(address);
            }
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            lock.unlock();
        }
    }

    /** A channel to the first member whose calls are served by the thread that makes them. */
    public io.grpc.Channel directChannel() {
        Member member = members.get(0);
        return new DirectChannel(
                services(member),
                List.of(
                        interceptors.apply(member.index()),
                        new SizeLimit(settings.maxRequestBytes()),
                        new Caller.TokenReader()));
    }

    /** Does something to the state, alone. */
    private <T> T alone(Supplier<T> action) {
        return core.apply(action);
    }

    private void tick() {
        if (!paused) {
            core.run(core::tick);
        }
    }

    /** Stops, or starts again, what happens by itself. */
    public void pause(boolean pause) {
        paused = pause;
        if (!pause) {
            tick();
        }
    }

    /** Moves the clock on and does what is due by then. */
    public void advance(Duration by) {
        core.clock().advance(by);
        tick();
    }

    /** The current revision. */
    public long revision() {
        return alone(() -> core.store().revision());
    }

    /** Every revision that was made. */
    public List<CommitLog.Entry> log() {
        return alone(() -> core.log().entries());
    }

    /** What was made after a number of entries. */
    public List<CommitLog.Entry> logAfter(int entries) {
        return alone(() -> core.log().after(entries));
    }

    /** The IDs of all leases. */
    public List<Long> leases() {
        return alone(() -> core.lessor().all().stream().map(Lessor.Lease::id).toList());
    }

    /** All keys, each with its lease, or 0. */
    public Map<ByteString, Long> keys() {
        KeyRange all = new KeyRange(ByteString.EMPTY, ByteString.EMPTY);
        return alone(() -> core.store().range(all, 0, core.store().revision(), 0, false).kvs().stream()
                .collect(Collectors.toMap(KeyValue::getKey, KeyValue::getLease)));
    }

    /** The ranges of all watches, each as the begin and the end of the request. */
    public List<List<ByteString>> watchedRanges() {
        return alone(() -> core.watches().ranges().stream()
                .map(range -> List.of(range.begin(), range.requestEnd()))
                .toList());
    }

    /** Deletes a key, if it is there. */
    public void delete(ByteString key) {
        core.run(() -> {
            WriteTxn txn = core.begin();
            txn.delete(KeyRange.key(key));
            core.commit(txn);
        });
    }

    /** Revokes a lease. */
    public void revoke(long lease) {
        core.run(() -> core.revoke(core.lessor().get(lease)));
    }

    /** Ends the TTL of a lease now, and the lease with it. */
    public void expire(long lease) {
        core.run(() -> {
            core.lessor().exhaust(core.lessor().get(lease));
            core.tick();
        });
    }

    /** Compacts the history. */
    public void compact(long revision) {
        core.run(() -> core.store().compact(revision));
    }

    /** Has another member lead, or the only one again in a new term. */
    public void changeLeader() {
        core.run(() -> core.changeLeader((core.leader() + 1) % members.size(), settings.electionTimeout()));
    }

    /** Which member leads. */
    public int leader() {
        return alone(core::leader);
    }

    /** Becomes what it was at a revision. Connections are to be dropped with it. */
    public void goBack(long revision) {
        core.run(() -> core.goBack(revision));
    }

    /** Raises the NOSPACE alarm of the first member, or disarms all. */
    public void noSpace(boolean raised) {
        core.run(() -> {
            core.noSpace().clear();
            if (raised) {
                core.noSpace().add(members.get(0).id());
            }
        });
    }

    /** Makes all authentication tokens invalid. */
    public void expireTokens() {
        core.run(() -> core.auth().expireTokens());
    }

    /** Closes the connections of a member. */
    public void dropConnections(int index) {
        connections.get(index).forEach(connection -> {
            var unused = connection.close();
        });
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (channel != null) {
                channel.shutdownNow();
            }
            if (local != null) {
                servers.add(local);
                local = null;
            }
            servers.forEach(Server::shutdownNow);
            for (Server server : servers) {
                boolean unused = server.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
            network.close();
        }
    }
}
