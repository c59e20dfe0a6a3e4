/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arithmetic of a limited rate, on a clock of its own. */
class ProxyFlowTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long BEGIN = Long.MAX_VALUE - SECOND; // where nanoTime may well be: it wraps on the way

    private final ProxyFlow flow = new ProxyFlow();

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 7, 999, 1_000, 123_457, 1_000_000, 1_000_000_007})
    void rate_enoughToSend_isExactAndEveryWaitIsWorthIt(long bytesPerSecond) {
        flow.rate(bytesPerSecond, BEGIN);
        long now = BEGIN;
        long waits = 0;
        while (now - BEGIN < 10 * SECOND) {
            long wait = flow.nanosUntilAllowed(1 << 16, now);
            now += wait;
            waits++;
            int allowed = flow.allowed(1 << 16, now);
            assertThat(allowed).isPositive();
            flow.forwarded(allowed, now);
        }
        double expected = (double) (now - BEGIN) / SECOND * bytesPerSecond;
        assertThat(flow.forwarded() / expected).isBetween(0.999, 1.001);
        // A wake-up for each piece of 5 ms, or of 64 KiB where that is less: no spinning.
        assertThat(waits).isLessThan(2_100 + 10 * bytesPerSecond / (1 << 16) * 11 / 10);
    }

    @Test
    void rate_afterAPause_makesUpForALittleOnly() {
        flow.rate(100_000, BEGIN);
        long now = BEGIN + 3600 * SECOND;
        assertThat(flow.allowed(1 << 16, now)).isEqualTo(2_000);
        flow.forwarded(2_000, now);
        assertThat(flow.allowed(1 << 16, now)).isZero();
        assertThat(flow.nanosUntilAllowed(1 << 16, now)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
        assertThat(flow.nanosUntilAllowed(1, now)).isEqualTo(TimeUnit.MICROSECONDS.toNanos(10));
    }

    /** The end of a stream has no bytes to wait for. */
    @Test
    void rate_noBytes_noWait() {
        flow.rate(1, BEGIN);
        assertThat(flow.nanosUntilAllowed(0, BEGIN)).isZero();
        assertThat(flow.nanosUntilAllowed(1, BEGIN)).isEqualTo(SECOND);
    }

    @Test
    void rate_ended_everythingPasses() {
        flow.rate(1, BEGIN);
        assertThat(flow.allowed(100, BEGIN)).isZero();
        flow.rate(0, BEGIN);
        assertThat(flow.allowed(100, BEGIN)).isEqualTo(100);
        flow.rate(1, BEGIN);
        flow.restore();
        assertThat(flow.allowed(100, BEGIN)).isEqualTo(100);
    }
}
