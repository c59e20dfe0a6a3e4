/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.LossReason;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one lease alive, and knows on the monotonic clock until when it surely is: the sending of the last renewal that
 * was answered + the granted TTL - a margin. jetcd's keep-alive counts from receipt and on the wall clock.
 *
 * <p>Each renewal is a short stream of its own, so that it has a deadline and goes to the next endpoint in turn. While one
 * is not answered further ones are sent beside it, and any answer counts from its own sending.
 *
 * <p>Concurrency: confined to the session's serializer, but for {@link #deadline}, which is volatile.
 */
final class LeaseKeeper {
    /** What the session is told, on its serializer. */
    interface Owner {
        void renewed();

        void atRisk();

        void lose(LossReason reason);
    }

    private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);
    private static final Duration SHORTEST_HEDGE = Duration.ofMillis(100);
    private static final Duration LONGEST_HEDGE = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final Owner owner;
    private final LeaseKeepAliveRequest request;
    private final long ttlNanos;
    private final Duration hedge;
    private final RoundTrips roundTrips;
    private long lastAnswered; // when the last answered renewal was sent
    private volatile long deadline; // written by the serializer only; read by every isHeld()
    private boolean stopped;
    private Timing.Timer renewal = Timing.Timer.NONE;
    private Timing.Timer watchdog = Timing.Timer.NONE;

    LeaseKeeper(EtcdSession session, Owner owner, long leaseId, Duration ttl, long grantSent) {
        this.session = session;
        this.owner = owner;
        this.request = LeaseKeepAliveRequest.newBuilder().setID(leaseId).build();
        this.ttlNanos = ttl.toNanos();
        this.hedge = clamp(ttl.dividedBy(12), SHORTEST_HEDGE, LONGEST_HEDGE);
        this.roundTrips = new RoundTrips(ttl, session.calls().requestTimeout());
        this.lastAnswered = grantSent;
        this.deadline = grantSent + ttlNanos - margin(ttl).toNanos();
    }

    /** max(100 ms, TTL / 20): for the way of the news inside this process. */
    static Duration margin(Duration ttl) {
        return clamp(ttl.dividedBy(20), Duration.ofMillis(100), ttl);
    }

    private static Duration clamp(Duration value, Duration low, Duration high) {
        return value.compareTo(low) < 0 ? low : value.compareTo(high) > 0 ? high : value;
    }

    long deadline() {
        return deadline;
    }

    void start() {
        scheduleRenewal(lastAnswered);
        scheduleWatchdog();
    }

    void stop() {
        stopped = true;
        renewal.cancel();
        watchdog.cancel();
    }

    private void scheduleRenewal(long sent) {
        renewal.cancel();
        renewal = session.after(until(sent + ttlNanos / 3), this::renew);
    }

    private void renew() {
        if (stopped) {
            return;
        }
        long sent = session.timing().nanoTime();
        renewal = session.after(hedge, this::renew);
        CompletableFuture<LeaseKeepAliveResponse> answer =
                session.calls().once(LeaseGrpc.getLeaseKeepAliveMethod(), request, attemptTimeout(sent));
        session.onAnswer(answer, (response, failure) -> {
            if (stopped) {
                return;
            }
            if (failure == null) {
                roundTrips
                        .warning(Duration.ofNanos(session.timing().nanoTime() - sent))
                        .ifPresent(warning -> log.warn("Session {}: {}", session.hexId(), warning));
                onRenewed(sent, response.getTTL());
            } else if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                owner.lose(LossReason.REVOKED);
            }
            // Any other failure: the next attempt is scheduled, and the watchdog is awake.
        });
    }

    /** Long enough for a slow network; short enough that attempts on a dead one do not pile up. */
    private Duration attemptTimeout(long sent) {
        Duration left = Duration.ofNanos(Math.max(1, deadline - sent));
        Duration longest = session.calls().requestTimeout().multipliedBy(2);
        return left.compareTo(longest) < 0 ? left : longest;
    }

    private void onRenewed(long sent, long ttlSeconds) {
        if (ttlSeconds <= 0) {
            owner.lose(LossReason.REVOKED);
        } else if (session.isAlive() && sent - lastAnswered > 0) {
            lastAnswered = sent;
            Duration granted = Duration.ofSeconds(ttlSeconds);
            deadline = sent + granted.toNanos() - margin(granted).toNanos();
            scheduleRenewal(sent);
            owner.renewed();
        }
    }

    /** Wakes up when half of the TTL has passed without an answer, and at the deadline. */
    private void scheduleWatchdog() {
        long riskAt = lastAnswered + ttlNanos / 2;
        long now = session.timing().nanoTime();
        watchdog = session.after(until(now - riskAt < 0 ? riskAt : deadline), this::watch);
    }

    private void watch() {
        if (stopped) {
            return;
        }
        long now = session.timing().nanoTime();
        if (now - deadline >= 0) {
            owner.lose(LossReason.EXPIRED);
            return;
        }
        if (now - (lastAnswered + ttlNanos / 2) >= 0) {
            owner.atRisk();
        }
        scheduleWatchdog();
    }

    private Duration until(long nanos) {
        return Duration.ofNanos(Math.max(0, nanos - session.timing().nanoTime()));
    }
}
