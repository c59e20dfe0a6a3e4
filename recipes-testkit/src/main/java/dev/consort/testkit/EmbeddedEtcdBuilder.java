/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import dev.consort.testkit.internal.EmbeddedSettings;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** The settings of an {@link EmbeddedEtcd}. Not threadsafe; may be used for several servers one after another. */
@CheckReturnValue
public final class EmbeddedEtcdBuilder {
    private static final Duration DEFAULT_ELECTION = Duration.ofSeconds(1);
    private static final Duration SHORTEST_ELECTION = Duration.ofMillis(50);
    private static final Duration LONGEST_ELECTION = Duration.ofSeconds(50);
    private static final Duration DEFAULT_TOKEN_TTL = Duration.ofMinutes(5);
    private static final Duration DEFAULT_PROGRESS = Duration.ofMinutes(10);
    private static final Duration SHORTEST_PROGRESS = Duration.ofMillis(100);
    private static final int MOST_MEMBERS = 9;
    private static final int DEFAULT_TXN_OPS = 128;
    private static final int DEFAULT_REQUEST_BYTES = 3 * 512 * 1024;
    private static final String VERSION = "3.5.30";

    private int members = 1;
    private boolean virtualClock;
    private Duration electionTimeout = DEFAULT_ELECTION;
    private Duration tokenTtl = DEFAULT_TOKEN_TTL;
    private int maxTxnOps = DEFAULT_TXN_OPS;
    private int maxRequestBytes = DEFAULT_REQUEST_BYTES;
    private Duration progressInterval = DEFAULT_PROGRESS;
    private long seed = ThreadLocalRandom.current().nextLong();

    EmbeddedEtcdBuilder() {}

    /** The number of members, 1 to 9, each with an endpoint of its own; 1 if not set. They share one state. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder members(int count) {
        if (count < 1 || count > MOST_MEMBERS) {
            throw new IllegalArgumentException("members must be 1 to " + MOST_MEMBERS + ": " + count);
        }
        members = count;
        return this;
    }

    /** Time stands still for leases, tokens and progress notifications, but for {@link EmbeddedEtcd#advance}. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder virtualClock() {
        virtualClock = true;
        return this;
    }

    /**
     * The election timeout, 50 ms to 50 s, 1 s if not set. As in etcd, a shorter TTL is raised to 1.5 of them, in whole
     * seconds, and leases live so much longer after a change of leader.
     */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder electionTimeout(Duration timeout) {
        if (timeout.compareTo(SHORTEST_ELECTION) < 0 || timeout.compareTo(LONGEST_ELECTION) > 0) {
            throw new IllegalArgumentException("the election timeout must be 50 ms to 50 s: " + timeout);
        }
        electionTimeout = timeout;
        return this;
    }

    /** How long an authentication token lives since its last use, positive; 5 minutes if not set. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder tokenTtl(Duration ttl) {
        if (ttl.isNegative() || ttl.isZero()) {
            throw new IllegalArgumentException("the TTL of tokens must be positive: " + ttl);
        }
        tokenTtl = ttl;
        return this;
    }

    /** The most conditions, or operations in a branch, of a transaction, positive; 128 if not set. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder maxTxnOps(int operations) {
        if (operations < 1) {
            throw new IllegalArgumentException("the limit must be positive: " + operations);
        }
        maxTxnOps = operations;
        return this;
    }

    /** The largest request in bytes, positive; 1.5 MiB if not set. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder maxRequestBytes(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("the limit must be positive: " + bytes);
        }
        maxRequestBytes = bytes;
        return this;
    }

    /** Between the notifications of an idle watch that asked for progress, 100 ms or more; 10 minutes if not set. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder progressNotifyInterval(Duration interval) {
        if (interval.compareTo(SHORTEST_PROGRESS) < 0) {
            throw new IllegalArgumentException("the interval must be 100 ms or more: " + interval);
        }
        progressInterval = interval;
        return this;
    }

    /** From which IDs and tokens are derived; a random one if not set. */
    @CanIgnoreReturnValue
    public EmbeddedEtcdBuilder seed(long value) {
        seed = value;
        return this;
    }

    /** Starts the server; it answers when this returns. */
    public EmbeddedEtcd start() {
        return new EmbeddedEtcd(new EmbeddedSettings(
                members,
                virtualClock,
                electionTimeout,
                tokenTtl,
                maxTxnOps,
                maxRequestBytes,
                progressInterval,
                seed,
                VERSION));
    }
}
