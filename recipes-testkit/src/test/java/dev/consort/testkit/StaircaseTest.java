/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StaircaseTest {
    /** On machines on which the other event takes from 10 microseconds to half a second. */
    @ParameterizedTest
    @ValueSource(longs = {10, 500, 3_000, 40_000, 500_000})
    void next_whateverTheMachine_meetsTheOtherEvent(long micros) {
        Staircase staircase = Staircase.from(Duration.ofMillis(2), micros);
        Duration other = Duration.ofNanos(micros * 1000);
        for (int round = 0; round < 150; round++) {
            staircase.cameLate(staircase.next().compareTo(other) > 0);
        }
        assertThat(staircase.early()).as("%s", staircase).isBetween(50, 100);
        assertThat(staircase.early() + staircase.late()).isEqualTo(150);
    }

    @Test
    void next_otherNeverThere_staysWithinBounds() {
        Staircase staircase = Staircase.from(Duration.ofSeconds(5), 1);
        for (int round = 0; round < 100; round++) {
            assertThat(staircase.next()).isLessThan(Duration.ofSeconds(8));
            staircase.cameLate(false);
        }
        for (int round = 0; round < 200; round++) {
            assertThat(staircase.next()).isPositive();
            staircase.cameLate(true);
        }
        assertThat(staircase).hasToString("Staircase[PT0.000001S, early 100, late 200]");
    }

    @Test
    void from_outOfRange_saysWhatIsTaken() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Staircase.from(Duration.ZERO, 1))
                .withMessage("first delay is PT0S: give 1 microsecond to 5 seconds");
        assertThatIllegalArgumentException().isThrownBy(() -> Staircase.from(Duration.ofSeconds(6), 1));
    }
}
