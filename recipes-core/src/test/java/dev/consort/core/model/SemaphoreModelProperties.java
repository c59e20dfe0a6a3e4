/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.model.SemaphoreModel.Outcome;
import dev.consort.core.model.SemaphoreModel.Rule;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SemaphoreModelProperties {
    /** Who wants how many, the limit, another limit, and how many withdraw, die, and change the limit. */
    private record Setting(List<Integer> wishes, int limit, int other, int withdrawals, int deaths, int changes) {}

    private static final List<Setting> SETTINGS = List.of(
            new Setting(List.of(2, 1, 1), 2, 2, 0, 1, 0),
            new Setting(List.of(1, 2, 1), 2, 2, 1, 1, 0),
            new Setting(List.of(1, 1, 1), 2, 1, 0, 1, 1));

    /** Far more states. */
    private static final List<Setting> MORE = List.of(
            new Setting(List.of(2, 1, 1), 3, 2, 0, 1, 1),
            new Setting(List.of(1, 1, 1), 1, 2, 0, 1, 1),
            new Setting(List.of(1, 1, 1, 1), 2, 2, 1, 1, 0));

    /** Those by which the absence of each rule is found soon. */
    private static final List<Setting> TELLING = List.of(SETTINGS.get(0), SETTINGS.get(1), MORE.get(0));

    private static Outcome search(List<Setting> settings, Set<Rule> leftOut) {
        int states = 0;
        for (Setting setting : settings) {
            Outcome outcome = new SemaphoreModel(setting.wishes, setting.limit, setting.other, leftOut)
                    .search(setting.withdrawals, setting.deaths, setting.changes);
            states += outcome.states();
            if (outcome.violation().isPresent()) {
                return new Outcome(states, outcome.violation());
            }
        }
        return new Outcome(states, Optional.empty());
    }

    @Test
    void threeSessions_withAWithdrawalADeathAndAChangedLimit_haveNoReachableViolation() {
        Outcome outcome = search(SETTINGS, Set.of());
        assertThat(outcome.violation()).isEmpty();
        assertThat(outcome.states()).isGreaterThan(10_000);
    }

    @Test
    @Tag("long")
    @Timeout(600)
    void moreOfThem_haveNoReachableViolation() {
        assertThat(search(MORE, Set.of()).violation()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void withoutARule_aViolationIsFound(Rule rule) {
        assertThat(search(TELLING, EnumSet.of(rule)).violation()).isPresent();
    }
}
