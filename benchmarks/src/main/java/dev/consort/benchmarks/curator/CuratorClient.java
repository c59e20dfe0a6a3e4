/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.curator;

import dev.consort.benchmarks.Must;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;

/** A connection of its own to ZooKeeper. */
final class CuratorClient {
    private CuratorClient() {}

    static CuratorFramework open(String endpoint) {
        CuratorFramework client = CuratorFrameworkFactory.newClient(endpoint, new RetryOneTime(100));
        client.start();
        Must.hold(
                Must.succeed(client.getZookeeperClient()::blockUntilConnectedOrTimedOut), "ZooKeeper does not answer");
        return client;
    }
}
