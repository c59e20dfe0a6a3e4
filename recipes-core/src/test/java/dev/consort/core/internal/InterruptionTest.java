/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptionTest {
    private final Interruption interruption = new Interruption();

    @Test
    void interrupt_whileTheCodeRuns_interruptsItAndLeavesNoFlag() {
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> interruption.during(() -> {
                    CompletableFuture.runAsync(interruption::interrupt).join();
                    return new CountDownLatch(1).await(10, TimeUnit.SECONDS);
                }));
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(interruption.requested()).isTrue();
    }

    @Test
    void interrupt_beforeTheCodeRuns_waitsForIt() {
        interruption.interrupt();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        boolean interrupted = interruption.during(() -> Thread.currentThread().isInterrupted());
        assertThat(interrupted).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void interrupt_afterTheCode_doesNothing() {
        assertThat(interruption.<Integer, RuntimeException>during(() -> 1)).isEqualTo(1);
        interruption.interrupt();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void interrupt_twice_interruptsOnce() {
        boolean again = interruption.during(() -> {
            interruption.interrupt();
            boolean first = Thread.interrupted();
            interruption.interrupt();
            return first && Thread.currentThread().isInterrupted();
        });
        assertThat(again).isFalse();
    }

    @Test
    void flag_setByTheCodeItself_isGoneAfterwards() {
        assertThat(interruption.<Boolean, RuntimeException>during(() -> {
                    Thread.currentThread().interrupt();
                    return true;
                }))
                .isTrue();
        assertThat(Thread.interrupted()).isFalse();
        assertThat(interruption.requested()).isFalse();
    }
}
