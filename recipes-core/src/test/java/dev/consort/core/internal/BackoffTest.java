/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMillis(500);

    private final Backoff backoff = new Backoff(FIRST, LONGEST);

    private void assertNextIsUpTo(long millis) {
        assertThat(backoff.after(Duration.ZERO)).isBetween(Duration.ofMillis(millis / 2), Duration.ofMillis(millis));
    }

    @Test
    void pauses_doubleUpToTheLongest() {
        assertNextIsUpTo(100);
        assertNextIsUpTo(200);
        assertNextIsUpTo(400);
        assertNextIsUpTo(500);
        assertNextIsUpTo(500);
    }

    @Test
    void roundThatTookLong_beginsWithTheFirstPauseAgain() {
        assertNextIsUpTo(100);
        assertNextIsUpTo(200);
        assertThat(backoff.after(LONGEST.plusMillis(1))).isLessThanOrEqualTo(FIRST);
    }

    @Test
    void reset_beginsWithTheFirstPauseAgain() {
        assertNextIsUpTo(100);
        backoff.reset();
        assertNextIsUpTo(100);
    }
}
