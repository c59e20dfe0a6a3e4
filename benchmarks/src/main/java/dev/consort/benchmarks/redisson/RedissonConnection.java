/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.redisson;

import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/** A client of its own, with as many connections and threads as it has use for: by default each would have dozens. */
final class RedissonConnection {
    private RedissonConnection() {}

    static RedissonClient open(String endpoint, int threads) {
        Config config = new Config();
        config.setThreads(2).setNettyThreads(2);
        config.useSingleServer()
                .setAddress(endpoint)
                .setConnectionMinimumIdleSize(1)
                .setConnectionPoolSize(Math.max(2, threads))
                .setSubscriptionConnectionMinimumIdleSize(1)
                .setSubscriptionConnectionPoolSize(2);
        return Redisson.create(config);
    }
}
