/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;

/** The containers of a cluster, and their network if there are several. Threadsafe. */
final class ContainerCluster {
    private static final int PEER_PORT = 2380;

    private final LoopbackPorts reserved;
    private final @Nullable Network network;
    private final List<MemberContainer> containers;
    private final List<EtcdMember> members;

    ContainerCluster(String image, int count, List<String> arguments) {
        String host = hostAddress();
        reserved = LoopbackPorts.reserve(count);
        List<Integer> ports = reserved.numbers();
        network = count == 1 ? null : Network.newNetwork();
        String cluster =
                IntStream.range(0, count).mapToObj(i -> name(i) + "=" + peer(i)).collect(Collectors.joining(","));
        List<MemberContainer> launchers = new ArrayList<>();
        List<EtcdMember> created = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String endpoint = "http://" + host + ":" + ports.get(i);
            List<String> command = new ArrayList<>(List.of(
                    "--name=" + name(i),
                    "--listen-client-urls=http://0.0.0.0:" + MemberContainer.CLIENT_PORT,
                    "--advertise-client-urls=" + endpoint,
                    "--listen-peer-urls=http://0.0.0.0:" + PEER_PORT,
                    "--initial-advertise-peer-urls=" + peer(i),
                    "--initial-cluster=" + cluster));
            command.addAll(arguments);
            MemberContainer container = new MemberContainer(image, network, name(i), host, ports.get(i), command);
            launchers.add(container);
            created.add(
                    new EtcdMember(i, ClusterAccess.OPEN, endpoint, container, () -> LeaderVote.possible(members())));
        }
        containers = List.copyOf(launchers);
        members = List.copyOf(created);
    }

    /* Where ports of containers are to be found. The name may stand for an IPv6 address, too, where none listens. */
    private static String hostAddress() {
        String host = DockerClientFactory.instance().dockerHostIpAddress();
        return host.equals("localhost") ? "127.0.0.1" : host;
    }

    private static String name(int index) {
        return "m" + index;
    }

    private static String peer(int index) {
        return "http://" + name(index) + ":" + PEER_PORT;
    }

    List<EtcdMember> members() {
        return members;
    }

    void launch() {
        members.forEach(EtcdMember::launch);
        members.forEach(EtcdMember::awaitAnswer);
    }

    String etcdctl(List<String> arguments) {
        return members.stream()
                .filter(member -> member.isAlive() && !member.isPaused())
                .findFirst()
                .map(member -> containers.get(member.index()).etcdctl(arguments))
                .orElseThrow(() -> new IllegalStateException("no member is running"));
    }

    void close() {
        members.forEach(EtcdMember::close);
        containers.forEach(MemberContainer::remove);
        if (network != null) {
            network.close();
        }
        reserved.close();
    }
}
