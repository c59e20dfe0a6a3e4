/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.time.Duration;
import java.util.List;

/** How long members wait for a leader before they elect another, and the heartbeat that goes with it. */
record ElectionTimeout(Duration timeout) {
    static final ElectionTimeout SHORT = new ElectionTimeout(Duration.ofMillis(200));
    static final ElectionTimeout DEFAULT = new ElectionTimeout(Duration.ofSeconds(1));

    private static final int HEARTBEATS = 10;

    ElectionTimeout {
        if (timeout.compareTo(Duration.ofMillis(50)) < 0 || timeout.compareTo(Duration.ofSeconds(50)) > 0) {
            throw new IllegalArgumentException("the election timeout must be 50 ms to 50 s: " + timeout);
        }
    }

    List<String> arguments() {
        long millis = timeout.toMillis();
        return List.of("--election-timeout=" + millis, "--heartbeat-interval=" + millis / HEARTBEATS);
    }
}
