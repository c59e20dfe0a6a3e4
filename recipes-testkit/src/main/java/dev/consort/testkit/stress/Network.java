/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import java.util.List;

/** The way of some clients to every member of a cluster. Threadsafe. */
final class Network implements AutoCloseable {
    private final List<FaultProxy> proxies;

    Network(EtcdProcess cluster) {
        proxies = cluster.endpoints().stream().map(FaultProxy::to).toList();
    }

    List<String> endpoints() {
        return proxies.stream().map(FaultProxy::endpoint).toList();
    }

    FaultProxy to(int member) {
        return proxies.get(member);
    }

    void reset() {
        proxies.forEach(FaultProxy::reset);
    }

    void silence() {
        proxies.forEach(FaultProxy::stopForwarding);
    }

    void heal() {
        proxies.forEach(FaultProxy::resumeForwarding);
    }

    @Override
    public void close() {
        proxies.forEach(FaultProxy::close);
    }
}
