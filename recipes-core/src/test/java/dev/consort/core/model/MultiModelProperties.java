/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import static dev.consort.core.model.MultiModel.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.model.MultiModel.Outcome;
import dev.consort.core.model.MultiModel.Rule;
import dev.consort.core.model.MultiModel.Task;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MultiModelProperties {
    /** Two or three sessions that want the names 0 and 1, alone and together, with several threads. */
    private static final List<List<Task>> ALL = List.of(
            List.of(task(0, 0, 1), task(1, 1, 0), task(0, 1)),
            List.of(task(0, 0, 1), task(0, 1, 0), task(1, 1)),
            List.of(task(0, 0), task(0, 1, 0), task(1, 0, 1)),
            List.of(task(0, 0), task(0, 1, 0), task(0, 0), task(1, 0, 1)),
            List.of(task(0, 0, 1), task(1, 1, 0), task(2, 1, 0), task(0, 1)));

    private static Outcome search(Set<Rule> leftOut) {
        int states = 0;
        for (List<Task> tasks : ALL) {
            int[][] faults = tasks.size() > 3 ? new int[][] {{0, 0, 0}} : new int[][] {{1, 1, 0}, {1, 0, 1}};
            for (int[] each : faults) {
                Outcome outcome = new MultiModel(tasks, leftOut).search(each[0], each[1], each[2]);
                states += outcome.states();
                if (outcome.violation().isPresent()) {
                    return new Outcome(states, outcome.violation());
                }
            }
        }
        return new Outcome(states, Optional.empty());
    }

    @Test
    void threeSessions_withAWithdrawalADeathAndADeletion_haveNoReachableViolation() {
        Outcome outcome = search(Set.of());
        assertThat(outcome.violation()).isEmpty();
        assertThat(outcome.states()).isGreaterThan(10_000);
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void withoutARule_aViolationIsFound(Rule rule) {
        assertThat(search(EnumSet.of(rule)).violation()).isPresent();
    }
}
