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
