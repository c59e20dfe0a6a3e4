/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.jetcd.LeasedClient;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.CompactOption;
import io.etcd.jetcd.options.DeleteOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.jspecify.annotations.Nullable;

/** The servers of a run, all of which write through to the disk: one etcd, a ZooKeeper in this JVM, and a Redis if it was started. */
final class Servers implements AutoCloseable {
    private static final ByteSequence FIRST_KEY = ByteSequence.from(new byte[] {0});
    private static final long QUOTA = 8L << 30; // bytes: a run may not end because of its own history

    private static final int CONNECTIONS = 1_000; // to ZooKeeper, which has a limit of 60 otherwise

    private final EtcdProcess etcd;
    private final Client client;
    private final TestingServer zooKeeper;
    private final @Nullable String redis;

    private Servers(EtcdProcess etcd, TestingServer zooKeeper, @Nullable String redis) {
        this.etcd = etcd;
        this.client = LeasedClient.open(etcd.endpoints().get(0));
        this.zooKeeper = zooKeeper;
        this.redis = redis;
    }

    /**
     * Starts an etcd and a ZooKeeper with folders of their own below the temporary folder.
     *
     * @param redis its address, or null
     */
    static Servers start(@Nullable String redis) {
        EtcdProcess etcd = EtcdProcess.builder().quotaBytes(QUOTA).start();
        try {
            return new Servers(etcd, zooKeeper(), redis);
        } catch (RuntimeException e) {
            etcd.close();
            throw e;
        }
    }

    private static TestingServer zooKeeper() {
        InstanceSpec spec = new InstanceSpec(null, -1, -1, -1, true, -1, -1, CONNECTIONS);
        return Must.succeed(() -> new TestingServer(spec, true));
    }

    /** Where it is, or empty if there is none. */
    Optional<String> endpoint(Entry.Server server) {
        return switch (server) {
            case ETCD -> Optional.of(etcd.endpoints().get(0));
            case ZOOKEEPER -> Optional.of(zooKeeper.getConnectString());
            case REDIS -> Optional.ofNullable(redis);
        };
    }

    String etcdVersion() {
        return etcd.version();
    }

    /** Lets the next work find an etcd without keys and without a history. */
    void tidy() {
        long revision = Must.answer(client.getKVClient()
                        .delete(
                                FIRST_KEY,
                                DeleteOption.builder().withRange(FIRST_KEY).build()))
                .getHeader()
                .getRevision();
        var unused = Must.answer(client.getKVClient()
                .compact(
                        revision,
                        CompactOption.builder().withCompactPhysical(true).build()));
    }

    @Override
    public void close() {
        try {
            client.close();
            zooKeeper.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            etcd.close();
        }
    }
}
