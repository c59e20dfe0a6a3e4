/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import java.time.Duration;

/**
 * How a server is to behave.
 *
 * @param members how many there are
 * @param virtualClock whether time stands still unless it is advanced
 * @param electionTimeout the least TTL depends on it
 * @param tokenTtl how long an authentication token lives since its last use
 * @param maxTxnOps the most operations in a branch of a transaction
 * @param maxRequestBytes the largest request
 * @param progressInterval between progress notifications of an idle watch that asked for them
 * @param seed of the IDs it chooses
 * @param version what it says it is
 */
public record EmbeddedSettings(
        int members,
        boolean virtualClock,
        Duration electionTimeout,
        Duration tokenTtl,
        int maxTxnOps,
        int maxRequestBytes,
        Duration progressInterval,
        long seed,
        String version) {

    /** 1.5 election timeouts in whole seconds, as etcd raises a TTL. */
    long minimumTtl() {
        long millis = electionTimeout.toMillis() * 3 / 2;
        return (millis + 999) / 1000;
    }
}
