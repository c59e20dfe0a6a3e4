/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.internal.Timing;
import dev.consort.stm.CommitTxn.Conflict;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The attempts of a transaction: how many, how long apart, and what one tells the next. */
class RoundsTest {
    private static final Conflict CONFLICT = new Conflict("k", new Contents(), 7);

    private static final Timing timing = Timing.system();

    @AfterAll
    static void stop() {
        timing.close();
    }

    private static Rounds rounds(int most) {
        return new Rounds(most, timing);
    }

    /** The pauses before the second attempt, the third, and so on. */
    private static List<Duration> pauses(int attempts) {
        Rounds rounds = rounds(attempts);
        return Stream.generate(() -> rounds.next(CONFLICT)).limit(attempts - 1).toList();
    }

    private static List<Duration> pausesBefore(int attempt) {
        return IntStream.range(0, 200)
                .mapToObj(i -> pauses(attempt).get(attempt - 2))
                .toList();
    }

    /** Writers that came in each other's way once must not do so again, in step. */
    @Test
    void pauses_ofManyAtOnce_differ() {
        for (int attempt : new int[] {3, 4, 10, 50}) {
            assertThat(pausesBefore(attempt).stream().distinct().count())
                    .as("before attempt %d", attempt)
                    .isGreaterThan(190);
        }
    }

    @Test
    void pauses_doubleUpToTheLongest() {
        assertThat(pauses(2)).containsExactly(Duration.ZERO);
        for (int attempt : new int[] {3, 4, 5, 9, 10, 50}) {
            long most = attempt > 9 ? 250 : 2L << (attempt - 3);
            List<Duration> pauses = pausesBefore(attempt);
            assertThat(pauses)
                    .as("before attempt %d", attempt)
                    .allMatch(pause -> pause.compareTo(Duration.ofMillis(most)) <= 0)
                    .allMatch(pause -> !pause.isZero())
                    .anyMatch(pause -> pause.compareTo(Duration.ofMillis(most).dividedBy(2)) > 0);
        }
    }

    @Test
    void attempts_areCounted_andTheLastIsTheLast() {
        Rounds rounds = rounds(3);
        assertThat(rounds.attempts()).isEqualTo(1);
        assertThat(rounds.next(CONFLICT)).isZero();
        assertThat(rounds.attempts()).isEqualTo(2);
        assertThat(rounds.next(CONFLICT)).isPositive();
        assertThat(rounds.attempts()).isEqualTo(3);
        assertThatExceptionOfType(TransactionConflictException.class)
                .isThrownBy(() -> rounds.next(CONFLICT))
                .satisfies(conflict -> assertThat(conflict.attempts()).isEqualTo(3));
    }

    /** What a refusal told is true at the time, and old after a pause. */
    @Test
    void refusal_isForTheAttemptThatFollowsAtOnce() {
        Rounds rounds = rounds(9);
        assertThat(rounds.last().revision()).isZero();
        assertThat(rounds.next(CONFLICT)).isZero();
        assertThat(rounds.last()).isSameAs(CONFLICT);
        assertThat(rounds.next(CONFLICT)).isPositive();
        assertThat(rounds.last().revision()).isZero();
        assertThat(rounds.last().contents().latest()).isZero();
    }
}
