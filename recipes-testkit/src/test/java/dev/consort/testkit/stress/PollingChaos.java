/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Chaos itself, for the death of one leader: it lets a right lock pass and catches a wrong one. */
class PollingChaos {
    @Test
    void rightLock_passes() {
        Map<String, Long> tally = Chaos.run(client -> new PollingContender(client, true), 3, Duration.ofMillis(1), 9);
        assertThat(tally.get("granted")).isGreaterThan(tally.get("granted before"));
    }

    @Test
    void lockThatDoesNotWait_isCaught() {
        assertThatThrownBy(() -> Chaos.run(client -> new PollingContender(client, false), 6, Duration.ofMillis(1), 9))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("chaos/q");
    }
}
