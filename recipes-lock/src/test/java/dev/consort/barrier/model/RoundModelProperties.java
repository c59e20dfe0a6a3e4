/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.barrier.model.RoundModel.Kind;
import dev.consort.barrier.model.RoundModel.Outcome;
import dev.consort.barrier.model.RoundModel.Rule;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RoundModelProperties {
    private static final int LIMIT = 1_500_000;

    @Test
    void twoParties_withADuplicateAndADeath_haveNoReachableViolation() {
        for (Kind kind : Kind.values()) {
            Outcome outcome = new RoundModel(kind, 2, Set.of()).search(2, 1, LIMIT);
            System.out.println(kind + ": states = " + outcome.states());
            assertThat(outcome.violation()).isEmpty();
            assertThat(outcome.states()).isGreaterThan(1_000);
        }
    }

    @Test
    void comingThatDoesNotCompareTheRound_leavesAGhost() {
        assertFound(Kind.CYCLIC, Rule.COMING_COMPARES_ROUND, "ghost");
        assertFound(Kind.DOUBLE, Rule.COMING_COMPARES_ROUND, "ghost");
    }

    @Test
    void markThatDoesNotCompareTheRound_namesOneThatWasToldThatItFailed() {
        assertFound(Kind.DOUBLE, Rule.MARK_COMPARES_ROUND, "told that it failed");
    }

    @Test
    void markThatDoesNotCompareTheMembers_namesOneThatIsNotThere() {
        assertFound(Kind.CYCLIC, Rule.MARK_COMPARES_MEMBERS, "not there");
        assertFound(Kind.DOUBLE, Rule.MARK_COMPARES_MEMBERS, "not there");
    }

    @Test
    void givingUpThatDoesNotCompareTheRound_harmsARoundThatItIsNoneOf() {
        assertFound(Kind.DOUBLE, Rule.GIVING_UP_COMPARES_ROUND, "thrown out");
    }

    @Test
    void withdrawalThatDoesNotMoveTheRound_isNeverCertain() {
        assertFound(Kind.DOUBLE, Rule.WITHDRAWAL_MOVES_ROUND, "never learns");
    }

    private static void assertFound(Kind kind, Rule leftOut, String what) {
        Outcome outcome = new RoundModel(kind, 2, Set.of(leftOut)).search(1, 1, LIMIT);
        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains(what));
    }
}
