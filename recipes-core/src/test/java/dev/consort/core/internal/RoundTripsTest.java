/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S23: when a network is too slow for the settings, the log says so. */
class RoundTripsTest {
    private static final Duration SLOW = Duration.ofMillis(1001);
    private static final Duration FINE = Duration.ofSeconds(1);

    private final RoundTrips defaults = new RoundTrips(Duration.ofSeconds(10), Duration.ofSeconds(5));

    private static Optional<String> third(RoundTrips trips, Duration roundTrip) {
        assertThat(trips.warning(roundTrip)).isEmpty();
        assertThat(trips.warning(roundTrip)).isEmpty();
        return trips.warning(roundTrip);
    }

    @Test
    void defaults_areFor800Millis() {
        assertThat(third(defaults, FINE)).isEmpty();
        assertThat(third(defaults, SLOW))
                .get()
                .asString()
                .contains("takes 1001 ms", "TTL of 10 s", "5000 ms", "requestTimeout of 10 s", "ttl of 15 s");
    }

    @Test
    void warning_isSaidOnce() {
        assertThat(third(defaults, SLOW)).isPresent();
        assertThat(third(defaults, SLOW)).isEmpty();
    }

    @Test
    void slowAnswers_betweenFastOnes_areNoNetwork() {
        assertThat(defaults.warning(SLOW)).isEmpty();
        assertThat(defaults.warning(SLOW)).isEmpty();
        assertThat(defaults.warning(FINE)).isEmpty();
        assertThat(defaults.warning(SLOW)).isEmpty();
    }

    @Test
    void longerTimeouts_areFor2Seconds_butOnlyTogether() {
        Duration twoSeconds = Duration.ofMillis(2500);
        RoundTrips both = new RoundTrips(Duration.ofSeconds(15), Duration.ofSeconds(10));
        assertThat(third(both, twoSeconds)).isEmpty();
        assertThat(third(both, twoSeconds.plusMillis(1))).get().asString().contains("No setting");
        assertThat(third(new RoundTrips(Duration.ofSeconds(14), Duration.ofSeconds(10)), twoSeconds))
                .isPresent();
        assertThat(third(new RoundTrips(Duration.ofSeconds(15), Duration.ofSeconds(9)), twoSeconds))
                .isPresent();
    }
}
