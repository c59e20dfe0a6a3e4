/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A real etcd cluster for tests whose members are containers, for where Docker is at hand and an etcd binary is not. It
 * needs {@code org.testcontainers:testcontainers} 2 on the class path, which this test kit does not bring along, and a
 * Docker engine that answers; {@link #unavailable()} tells beforehand.
 *
 * <p>The image is the one of the builder, else of the system property {@code consort.etcd.image}, else {@code
 * quay.io/coreos/etcd:v3.5.30}. Any will do that has {@code etcd} on its path, and {@code etcdctl} for {@link #etcdctl}.
 * It is pulled if the engine does not have it.
 *
 * <p>Each member keeps its endpoint, a port of the engine's host, and its data, which is in the container, through kills
 * and restarts. Where the engine is on this machine, only this machine can reach the ports. The containers, and the
 * network of several members, are removed by {@link #close()}; however this JVM ends, Testcontainers sees to it that
 * they go, unless its reaper has been disabled.
 *
 * <p>For TLS, authentication and backups use {@link EtcdProcess}. This class is threadsafe. An interrupt of a waiting
 * call makes it fail with an {@link EtcdProcessException} with the interrupt flag set.
 */
public final class EtcdContainer implements EtcdServer {
    private static final int START_TRIES = 3;

    private final String image;
    private final ContainerCluster cluster;

    private EtcdContainer(String image, ContainerCluster cluster) {
        this.image = image;
        this.cluster = cluster;
    }

    /**
     * Why no container can be started here, in a sentence for a test that is skipped; nothing if one can, as far as can
     * be told without starting it. The first call takes about a second, for Testcontainers to look for the engine.
     */
    public static Optional<String> unavailable() {
        return Docker.unavailable();
    }

    /**
     * Starts one member with the defaults of {@link #builder()}.
     *
     * @throws EtcdProcessException as {@link EtcdContainerBuilder#start()}
     */
    public static EtcdContainer start() {
        return builder().start();
    }

    /** The settings of a cluster to be started. */
    public static EtcdContainerBuilder builder() {
        return new EtcdContainerBuilder();
    }

    static EtcdContainer start(String image, int count, List<String> arguments) {
        unavailable().ifPresent(reason -> {
            throw new EtcdProcessException(reason);
        });
        DockerImage.get(image);
        for (int attempt = 1; ; attempt++) {
            ContainerCluster cluster = new ContainerCluster(image, count, arguments);
            try {
                cluster.launch();
                return new EtcdContainer(image, cluster);
            } catch (EtcdProcessException e) {
                cluster.close();
                if (!Docker.isPortTaken(e) || attempt == START_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** The client URLs of all members, such as {@code http://127.0.0.1:23790}, in the order of their indexes. */
    @Override
    public List<String> endpoints() {
        return cluster.members().stream().map(EtcdMember::endpoint).toList();
    }

    /** The members in the order of their indexes. */
    public List<EtcdMember> members() {
        return cluster.members();
    }

    /**
     * A member by its index, from 0.
     *
     * @throws IndexOutOfBoundsException if there is no such member
     */
    public EtcdMember member(int index) {
        return members().get(Objects.checkIndex(index, members().size()));
    }

    /**
     * The index of the leader that a majority agrees on among the members that run and are not paused. Waits up to 10 s
     * for an election to end.
     *
     * @throws EtcdProcessException if there is no such leader by then
     */
    public int leader() {
        return LeaderVote.await(ClusterAccess.OPEN, members());
    }

    /**
     * Runs {@code etcdctl} with its version 3 interface in the container of the first member that runs, against that
     * member alone unless the arguments say otherwise, and returns its standard output.
     *
     * @throws EtcdProcessException if it fails, with its standard error in the message, or takes longer than 10 s
     * @throws IllegalStateException if no member is running
     */
    public String etcdctl(String... arguments) {
        return cluster.etcdctl(List.of(arguments));
    }

    /** Kills and removes all members, with their data. Further calls have no effect. */
    @Override
    public void close() {
        cluster.close();
    }

    @Override
    public String toString() {
        return "EtcdContainer[" + image + ", " + String.join(",", endpoints()) + "]";
    }
}
