/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.BarrierRounds.Round;
import java.util.List;
import org.junit.jupiter.api.Test;

class BarrierRoundsTest {
    private static Operation<Round> passed(long round, int index, long invoked, long completed) {
        return new Operation<>((int) invoked, new Round(round, index), Outcome.OK, invoked, completed);
    }

    private static Operation<Round> failed(long round, long invoked, long completed) {
        return new Operation<>((int) invoked, new Round(round, -1), Outcome.FAILED, invoked, completed);
    }

    private static Operation<Round> unknown(long invoked) {
        return new Operation<>((int) invoked, Round.NONE, Outcome.UNKNOWN, invoked, Operation.NEVER);
    }

    @SafeVarargs
    @SuppressWarnings("varargs")
    private static List<String> of(Operation<Round>... history) {
        return BarrierRounds.violations(2, List.of(history));
    }

    @Test
    void rounds_inOrderAndComplete_areFine() {
        assertThat(of(passed(1, 1, 1, 4), passed(1, 0, 2, 3), passed(4, 0, 5, 8), passed(4, 1, 6, 7), failed(2, 1, 9)))
                .isEmpty();
        assertThat(of()).isEmpty();
        assertThat(of(failed(0, 1, 2), failed(3, 3, 4))).isEmpty();
    }

    @Test
    void member_thatPassesBeforeAnotherComes_isAViolation() {
        assertThat(of(passed(1, 1, 1, 2), passed(1, 0, 3, 4)))
                .singleElement()
                .asString()
                .contains("before all of round 1");
    }

    @Test
    void round_thatOneIsMissingIn_isAViolationUnlessSomebodyDoesNotKnow() {
        assertThat(of(passed(1, 1, 1, 4))).singleElement().asString().contains("1 of 2");
        assertThat(of(passed(1, 1, 1, 4), unknown(2))).isEmpty();
    }

    @Test
    void round_thatFailedForSomebody_isAViolation() {
        assertThat(of(passed(1, 1, 1, 4), passed(1, 0, 2, 5), failed(1, 3, 6)))
                .singleElement()
                .asString()
                .contains("not so for");
    }

    @Test
    void index_twiceOrOutOfRange_isAViolation() {
        assertThat(of(passed(1, 1, 1, 4), passed(1, 1, 2, 3)))
                .singleElement()
                .asString()
                .contains("index");
        assertThat(of(passed(1, 2, 1, 4), passed(1, 0, 2, 3)))
                .singleElement()
                .asString()
                .contains("index");
        assertThat(of(passed(1, -1, 1, 4), passed(1, 0, 2, 3)))
                .singleElement()
                .asString()
                .contains("index");
    }

    @Test
    void round_completedAfterALaterOne_isAViolation() {
        assertThat(of(passed(2, 0, 1, 4), passed(2, 1, 2, 3), passed(1, 0, 5, 8), passed(1, 1, 6, 7)))
                .hasSize(2)
                .allSatisfy(violation -> assertThat(violation).contains("an earlier round"));
    }

    @Test
    void round_ofThreeWhereTwoMakeOne_isAViolation() {
        assertThat(of(passed(1, 0, 1, 6), passed(1, 1, 2, 5), passed(1, 0, 3, 4)))
                .isNotEmpty();
    }
}
