/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.model.ClaimModel.Outcome;
import dev.consort.core.model.ClaimModel.Rule;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClaimModelProperties {
    private static final int LIMIT = 1_000_000;

    @Test
    void twoSessions_withADuplicateATimeoutAndAWithdrawal_haveNoReachableViolation() {
        assertSound(new ClaimModel(2, 1, Set.of()).search(1, 1, 1, LIMIT), 300_000);
    }

    @Test
    void threeSessions_withoutFaults_haveNoReachableViolation() {
        assertSound(new ClaimModel(3, 1, Set.of()).search(0, 0, 0, LIMIT), 100_000);
    }

    @Test
    void threeInAQueue_withATransferOrAPriority_haveNoReachableViolation() {
        assertSound(new ClaimModel(3, 0, Set.of()).searchFromQueue(1, 0, LIMIT), 50_000);
        assertSound(new ClaimModel(3, 0, Set.of()).searchFromQueue(0, 1, LIMIT), 10_000);
    }

    @Test
    void twoSessions_withATransferATimeoutAndAWithdrawal_haveNoReachableViolation() {
        assertSound(new ClaimModel(2, 1, Set.of()).search(0, 1, 1, 1, LIMIT), 10_000);
    }

    @Test
    void oneSession_thatAcquiresAgainWithTwoDuplicates_hasNoReachableViolation() {
        assertSound(new ClaimModel(1, 2, Set.of()).search(2, 1, 0, LIMIT), 5_000);
    }

    @Test
    void aPutThatDoesNotCompareTheFence_leavesAGhost() {
        assertThat(without(Rule.PUT_COMPARES_FENCE, 1, 1, 1).violation())
                .hasValueSatisfying(ClaimModelProperties::ghostStays);
    }

    @Test
    void aSweepThatDoesNotMoveTheFence_leavesAGhost() {
        assertThat(without(Rule.SWEEP_MOVES_FENCE, 1, 1, 1).violation())
                .hasValueSatisfying(ClaimModelProperties::ghostStays);
    }

    @Test
    void aMessageThatNamesNoRevision_grantsAClaimThatIsNotFirst() {
        Outcome outcome = new ClaimModel(2, 2, EnumSet.of(Rule.MESSAGE_NAMES_REVISION)).search(0, 0, 0, LIMIT);

        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains("believes that it holds"));
    }

    @Test
    void oneWhoQueuesBeforeItHasSteppedBack_holdsWhatIsGone() {
        Outcome outcome =
                new ClaimModel(3, 0, EnumSet.of(Rule.STEPS_BACK_BEFORE_IT_QUEUES)).searchFromQueue(0, 0, LIMIT);

        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains("believes that it holds"));
    }

    @Test
    void passingOnOverOneWhoIsBetween_grantsAClaimThatIsNotFirst() {
        Outcome outcome = new ClaimModel(3, 0, EnumSet.of(Rule.PASSES_TO_ITS_NEIGHBOUR)).searchFromQueue(0, 0, LIMIT);

        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains("believes that it holds"));
    }

    @Test
    void passingOnWithoutComparingTheChosenOne_losesTheLeaderForNobody() {
        Outcome outcome = new ClaimModel(2, 1, EnumSet.of(Rule.PASS_COMPARES_CHOSEN)).search(0, 0, 1, 1, LIMIT);

        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains("passed on to nobody"));
    }

    @Test
    void passingOnThatIsNotRepeated_leavesOneThatBelievesItHolds() {
        Outcome outcome = new ClaimModel(2, 1, EnumSet.of(Rule.PASS_UNTIL_ANSWERED)).search(0, 1, 0, 1, LIMIT);

        assertThat(outcome.violation())
                .hasValueSatisfying(text -> assertThat(text).contains("believes that it holds"));
    }

    private static Outcome without(Rule rule, int duplicates, int timeouts, int withdrawals) {
        return new ClaimModel(2, 1, EnumSet.of(rule)).search(duplicates, timeouts, withdrawals, LIMIT);
    }

    private static void ghostStays(String text) {
        assertThat(text).contains("ghost").contains("stays");
    }

    private static void assertSound(Outcome outcome, int atLeastStates) {
        assertThat(outcome.violation()).isEmpty();
        assertThat(outcome.states()).isGreaterThan(atLeastStates);
    }
}
