/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.etcdrpc;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import dev.consort.benchmarks.Locker;
import dev.consort.benchmarks.Must;
import dev.consort.benchmarks.jetcd.LeasedClient;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.election.LeaderKey;

/** etcd's own Election service: leads, and resigns. */
public final class ElectionService implements Locker {
    private final LeasedClient client;
    private final ByteSequence name;

    public ElectionService(String endpoint, String name) {
        this.client = new LeasedClient(endpoint);
        this.name = bytes(name);
    }

    @Override
    public void locked(Runnable critical) {
        Election election = client.client().getElectionClient();
        LeaderKey leader = Must.answer(election.campaign(name, client.lease(), bytes("candidate")))
                .getLeader();
        critical.run();
        var unused = Must.answer(election.resign(leader));
    }

    @Override
    public void close() {
        client.close();
    }
}
