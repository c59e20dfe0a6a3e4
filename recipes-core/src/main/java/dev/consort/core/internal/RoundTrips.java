/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.Optional;

/**
 * Whether etcd answers as fast as the settings need: within 800 ms with the defaults, within 2 s with a request timeout of
 * 10 s and a TTL of 15 s or more. Says so once, and only if several answers in a row were slow, for an election delays a
 * few.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class RoundTrips {
    private static final Duration USUAL = Duration.ofMillis(800);
    private static final Duration LONGEST = Duration.ofSeconds(2);
    private static final Duration LONG_TTL = Duration.ofSeconds(15);
    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(10);
    private static final int IN_A_ROW = 3;

    private final Duration ttl;
    private final Duration requestTimeout;
    private final Duration limit;
    private int slow;
    private boolean said;

    RoundTrips(Duration ttl, Duration requestTimeout) {
        this.ttl = ttl;
        this.requestTimeout = requestTimeout;
        this.limit = ttl.compareTo(LONG_TTL) >= 0 && requestTimeout.compareTo(LONG_TIMEOUT) >= 0 ? LONGEST : USUAL;
    }

    /** What is to be said about the time that a renewal's answer took. */
    Optional<String> warning(Duration roundTrip) {
        slow = roundTrip.compareTo(limit.plus(limit.dividedBy(4))) > 0 ? slow + 1 : 0; // not at the slightest excess
        if (said || slow < IN_A_ROW) {
            return Optional.empty();
        }
        said = true;
        return Optional.of("etcd takes " + roundTrip.toMillis() + " ms to answer; a TTL of " + ttl.toSeconds()
                + " s and a request timeout of " + requestTimeout.toMillis() + " ms are for up to " + limit.toMillis()
                + " ms. "
                + (limit.equals(LONGEST)
                        ? "No setting is made for a slower network"
                        : "Set a requestTimeout of 10 s or more and a ttl of 15 s or more, which are for up to 2 s")
                + ", or sessions may be lost for want of an answer");
    }
}
