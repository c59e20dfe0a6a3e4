/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import static dev.consort.core.model.ReadWriteModel.Kind.READ;
import static dev.consort.core.model.ReadWriteModel.Kind.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.model.ReadWriteModel.Kind;
import dev.consort.core.model.ReadWriteModel.Outcome;
import dev.consort.core.model.ReadWriteModel.Rule;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReadWriteModelProperties {
    private static final List<List<Kind>> THREE = ordersOf(3);
    private static final List<List<Kind>> FOUR = ordersOf(4).stream()
            .filter(wishes -> wishes.stream().filter(WRITE::equals).count() > 1)
            .filter(wishes -> wishes.contains(READ))
            .toList();

    private static final List<List<Kind>> FEW = Stream.concat(
                    ordersOf(2).stream(),
                    Stream.of(List.of(READ, READ, WRITE), List.of(READ, WRITE, READ), List.of(WRITE, READ, READ)))
            .toList();

    /** Their absence is found soonest where nobody interferes. */
    private static final Set<Rule> OF_THE_QUEUE =
            EnumSet.of(Rule.STOPPER, Rule.READERS_PASS_NO_LIST, Rule.WITHDRAWAL_TELLS);

    /** Every order in which so many may come. */
    private static List<List<Kind>> ordersOf(int sessions) {
        return IntStream.range(0, 1 << sessions)
                .mapToObj(bits -> IntStream.range(0, sessions)
                        .mapToObj(s -> (bits >> s & 1) == 0 ? READ : WRITE)
                        .toList())
                .toList();
    }

    private static Outcome operated(Set<Rule> leftOut) {
        return search(FEW, leftOut, 0, 0, 1, 1);
    }

    private static Outcome harmed(Set<Rule> leftOut) {
        Outcome three = search(THREE, leftOut, 1, 1, 1, 0);
        return three.violation().isPresent() ? three : search(FOUR, leftOut, 1, 0, 0, 0);
    }

    private static Outcome search(List<List<Kind>> all, Set<Rule> leftOut, int... faults) {
        int states = 0;
        for (List<Kind> wishes : all) {
            Outcome outcome = new ReadWriteModel(wishes, leftOut).search(faults);
            states += outcome.states();
            if (outcome.violation().isPresent()) {
                return new Outcome(states, outcome.violation());
            }
        }
        return new Outcome(states, Optional.empty());
    }

    @Test
    void fourSessions_withAWithdrawalADeathAndAnExchange_haveNoReachableViolation() {
        Outcome operated = operated(Set.of());
        assertThat(operated.violation()).isEmpty();
        Outcome harmed = harmed(Set.of());
        assertThat(harmed.violation()).isEmpty();
        assertThat(operated.states() + harmed.states()).isGreaterThan(10_000);
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void withoutARule_aViolationIsFound(Rule rule) {
        Set<Rule> without = EnumSet.of(rule);
        Outcome first = OF_THE_QUEUE.contains(rule) ? harmed(without) : operated(without);
        Outcome found = first.violation().isPresent() ? first : harmed(without);
        assertThat(found.violation()).isPresent();
    }
}
