/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TimesTest {
    private static final Duration BOUND = Duration.ofMillis(100);

    private final AtomicInteger tries = new AtomicInteger();

    private Duration lateUntil(int inTime) {
        return tries.incrementAndGet() < inTime ? BOUND.plusNanos(1) : BOUND;
    }

    @Test
    void inTime_isTriedOnce() {
        Times.assertPrompt(BOUND, () -> lateUntil(1));
        assertThat(tries).hasValue(1);
    }

    @Test
    void lateTwice_isInTimeByTheThird() {
        Times.assertPrompt(BOUND, () -> lateUntil(3));
        assertThat(tries).hasValue(3);
    }

    @Test
    void lateEachTime_failsWithAllTimes() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> Times.assertPrompt(BOUND, () -> lateUntil(4)))
                .withMessageContaining(
                        "[PT0.100000001S of PT0.1S], [PT0.100000001S of PT0.1S], [PT0.100000001S of PT0.1S]");
        assertThat(tries).hasValue(3);
    }

    @Test
    void oneOfSeveralIsLate_tryCountsAsLate() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> Times.bestOfThree(times -> {
                    tries.incrementAndGet();
                    times.atMost(Duration.ZERO, () -> {});
                    times.atMost(Duration.ofDays(1), () -> {});
                }));
        assertThat(tries).hasValue(3);
    }

    @Test
    void whatIsAsserted_holdsInEachTry() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Times.bestOfThree(times -> {
                    tries.incrementAndGet();
                    throw new IOException();
                }));
        assertThat(tries).hasValue(1);
    }

    @Test
    void waitThatEndsTooSoon_failsAtOnce() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> Times.assertEndsInTime(Duration.ofDays(1), tries::incrementAndGet))
                .withMessageStartingWith("a wait of PT24H ended after");
        assertThat(tries).hasValue(1);
    }

    @Test
    void waitThatEndsByItsTimeout_isInTime() {
        Times.assertEndsInTime(Duration.ZERO, tries::incrementAndGet);
        assertThat(tries).hasValue(1);
    }
}
