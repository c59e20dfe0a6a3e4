/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker and what it says of a violation, against trying every order of small random histories. */
class RandomHistoriesTest {
    private static final int HISTORIES = 2000; // of each model

    static List<Kind<?, ?>> kinds() {
        return Kind.all().toList();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    <S, O> void randomHistories_asByBruteForce(Kind<S, O> kind) {
        Random random = new Random(20261121);
        int bad = 0;
        for (int i = 0; i < HISTORIES; i++) {
            List<Operation<O>> history = small(kind, random);
            boolean expected = BruteForce.isLinearizable(kind.model(), history);
            var found = Linearizability.violation(kind.model(), history);
            assertThat(found.isEmpty()).as("%s%n%s", found, history).isEqualTo(expected);
            if (found.isPresent()) {
                bad++;
                isShortest(kind.model(), history, found.get());
            }
        }
        System.out.println(kind + ": histories = " + HISTORIES + ", of which " + bad + " bad");
        assertThat(bad).isBetween(HISTORIES / 5, HISTORIES * 4 / 5);
    }

    private static <S, O> List<Operation<O>> small(Kind<S, O> kind, Random random) {
        int clients = 2 + random.nextInt(2);
        RandomHistory<S, O> source = new RandomHistory<>(kind, random, clients, random.nextInt(3) * 15, 3);
        List<Operation<O>> history = source.of(2 + random.nextInt(4));
        for (int spoilt = random.nextInt(7); spoilt > 0 && !history.isEmpty(); spoilt--) {
            history = source.spoilt(history);
        }
        return history;
    }

    private static <S, O> void isShortest(Model<S, O> model, List<Operation<O>> history, Violation<O> violation) {
        assertThat(BruteForce.isLinearizable(model, prefix(history, violation.until())))
                .as("%s%n%s", violation, history)
                .isFalse();
        assertThat(BruteForce.isLinearizable(model, prefix(history, violation.until() - 1)))
                .as("%s%n%s", violation, history)
                .isTrue();
        long since = violation.part().get(0).invoked();
        assertThat(history)
                .as("nothing is under way: %s", violation)
                .noneMatch(operation -> operation.invoked() < since
                        && operation.completed() >= since
                        && operation.completed() <= violation.until());
        List<Operation<O>> before = model.simplified(prefix(history, violation.until())).stream()
                .filter(operation -> operation.invoked() < since)
                .toList();
        Set<String> states =
                BruteForce.states(model, before).stream().map(Object::toString).collect(Collectors.toSet());
        if (!violation.states().contains("...")) {
            assertThat(violation.states()).as("%s%n%s", violation, history).containsExactlyInAnyOrderElementsOf(states);
        }
    }

    /** What is known of a history at a moment. */
    private static <O> List<Operation<O>> prefix(List<Operation<O>> history, long until) {
        return history.stream()
                .filter(operation -> operation.invoked() <= until)
                .filter(operation -> operation.completed() <= until || operation.outcome() != Outcome.FAILED)
                .map(operation -> operation.completed() <= until
                        ? operation
                        : new Operation<>(
                                operation.client(),
                                operation.what(),
                                Outcome.UNKNOWN,
                                operation.invoked(),
                                Operation.NEVER))
                .toList();
    }
}
