/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.internal.EmbeddedServer;
import dev.consort.testkit.internal.EmbeddedSettings;
import io.grpc.Channel;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An etcd version 3 in this JVM, for tests: gRPC on a free loopback port, so that any client can use it, and no files.
 *
 * <pre>{@code
 * try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
 *         Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
 *     client.getKVClient().put(key, value).get();
 * }
 * }</pre>
 *
 * <p>It answers as etcd 3.5.30 does, errors and their texts included, in the services KV, Watch, Lease, Lock, Election
 * and Auth, in Cluster for the list of members and in Maintenance for status and alarms. Everything else answers
 * UNIMPLEMENTED. Where it differs: a watch from a past revision is served at once, not within 100 ms; leases that expire
 * together are revoked together, without etcd's limit of a thousand a second; all members share one state, so none lags
 * behind; whether a user may ask for a range that ends before it begins does not depend on the order in which permissions
 * were granted; nothing is on disk, so the sizes in the status are made up.
 *
 * <p>Time passes as usual unless {@link EmbeddedEtcdBuilder#virtualClock()} is set; {@link #advance} moves it on in
 * either case. This class is threadsafe.
 */
public final class EmbeddedEtcd implements EtcdServer {
    private final EmbeddedServer server;
    private final ServerFaults interceptors;
    private final EmbeddedFaults faults;
    private final int members;

    EmbeddedEtcd(EmbeddedSettings settings) {
        this.members = settings.members();
        this.interceptors = new ServerFaults(members);
        this.server = EmbeddedServer.start(settings, interceptors::ofMember);
        this.faults = new EmbeddedFaults(server, interceptors, members);
    }

    /** Starts one member with the defaults of {@link #builder()}. */
    public static EmbeddedEtcd start() {
        return builder().start();
    }

    /** The settings of a server to be started. */
    public static EmbeddedEtcdBuilder builder() {
        return new EmbeddedEtcdBuilder();
    }

    /** The client URL of the first member, such as {@code http://127.0.0.1:23790}. */
    public String endpoint() {
        return server.endpoint(0);
    }

    /** The client URLs of all members. */
    @Override
    public List<String> endpoints() {
        return IntStream.range(0, members).mapToObj(server::endpoint).toList();
    }

    /** A channel to the first member that uses no socket, for stubs. It is closed with this server. */
    public Channel channel() {
        return server.channel();
    }

    /**
     * A channel to the first member for tests that do everything in one thread: a call is served, and what it makes the
     * server say to others is said, by the thread that makes it and before it goes on. There are no deadlines and no flow
     * control, and faults with a delay land on another thread. A call is to be used by one thread at a time.
     */
    public Channel directChannel() {
        return server.directChannel();
    }

    /**
     * Moves the clock of leases, tokens and progress notifications on. When it returns, what is due by then has been
     * done: expired leases are revoked, those that expired first first, in a revision each.
     *
     * @param by zero or more
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time does not go back: " + by);
        }
        server.advance(by);
    }

    /** The current revision. */
    public long revision() {
        return server.revision();
    }

    /** The IDs of all leases, those that expire soonest first. */
    public List<Long> leases() {
        return server.leases();
    }

    /**
     * Every revision that was made, compacted ones too, in the order in which they were: the truth, by which to judge
     * what clients believed. After {@link EmbeddedFaults#goBack} numbers occur again, with another
     * {@link Commit#restores()}.
     */
    public List<Commit> log() {
        return server.log().stream().map(Commit::of).toList();
    }

    /** What is in it, past its network. */
    EtcdContents contents() {
        return new EmbeddedContents(server);
    }

    /**
     * What has been added to {@link #log()}.
     *
     * @param entries how many of its first entries are known already
     */
    public List<Commit> logAfter(int entries) {
        return server.logAfter(entries).stream().map(Commit::of).toList();
    }

    /** What can go wrong. */
    public EmbeddedFaults faults() {
        return faults;
    }

    /** Ends the server and its connections, held calls included; no thread is left. Further calls have no effect. */
    @Override
    public void close() {
        interceptors.clear();
        server.close();
    }

    @Override
    public String toString() {
        return "EmbeddedEtcd[" + String.join(",", endpoints()) + "]";
    }
}
