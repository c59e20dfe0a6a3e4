/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.testkit.differential.SequenceFailure.Kind;
import dev.consort.testkit.differential.Sequences.Failing;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import org.junit.jupiter.api.Test;

class SequenceShorteningTest {
    private record Named(String name) implements Step {
        @Override
        public String ask(Subject subject) {
            return name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static List<Step> steps(String... names) {
        return Stream.of(names).<Step>map(Named::new).toList();
    }

    /** "lock" makes the servers unfit for another sequence, "x" after "a" is answered otherwise, "lock" without "a" not cleared. */
    private final class Fake implements Comparison {
        private boolean locked;

        @Override
        public void compare(List<Step> sequence) {
            List<String> names = sequence.stream().map(Step::toString).toList();
            fail(locked, Kind.CANNOT_BEGIN, "locked");
            locked = names.contains("lock");
            boolean otherwise = names.contains("a") && names.indexOf("a") < names.lastIndexOf("x");
            fail(otherwise, Kind.ANSWERED_OTHERWISE, "x after " + names.size());
            fail(locked, Kind.NOT_CLEARED, "locked out");
        }

        private void fail(boolean is, Kind kind, String message) {
            if (is) {
                throw new SequenceFailure(kind, message, new IllegalStateException(message));
            }
        }

        @Override
        public void close() {
            open--;
        }
    }

    private final Fake lane = new Fake();
    private int open;

    private Fake fresh() {
        open++;
        return new Fake();
    }

    private Optional<Failing> shortest(String... names) {
        Failing failing = Failing.of(new Fake(), steps(names)).orElseThrow();
        return new SequenceShortening(this::fresh).shortest(failing);
    }

    @Test
    void shortest_leavesOutAllThatIsNotNeeded() {
        Failing shortest = shortest("b", "a", "c", "d", "e", "x", "f").orElseThrow();

        assertThat(shortest.steps()).hasToString("[a, x]");
        assertThat(shortest.why()).hasMessage("x after 2");
        assertThat(open).isZero();
    }

    @Test
    void shortest_anotherKindOfFailure_isNotTakenForIt() {
        assertThat(shortest("lock", "a", "b", "c", "x").orElseThrow().steps()).hasToString("[a, x]");
        assertThat(shortest("b", "lock", "c").orElseThrow().steps()).hasToString("[lock]");
    }

    @Test
    void shortest_failsNotAgain_nothing() {
        SequenceFailure once = new SequenceFailure(Kind.SERVER_ENDED, "once", new IllegalStateException());

        assertThat(new SequenceShortening(this::fresh).shortest(new Failing(steps("b", "c"), once)))
                .isEmpty();
    }

    @Test
    void compare_fails_saysWhichSequenceAndHowItFailedFirst() {
        Sequences sequences = new Sequences(List.of(new Fake()), this::fresh);

        assertThatThrownBy(
                        () -> sequences.compare("any", Arbitraries.just(steps("b", "c", "a", "b", "x")), 42, 7, 5000))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("sequence 7 of seed 42 is answered otherwise")
                .hasMessageContaining("-Dconsort.seed=42 -Dconsort.from=7 -Dconsort.to=8")
                .hasMessageContaining("x after 5")
                .hasMessageContaining("Shortest part found:\n  a\n  x\nx after 2");
    }

    /** As when the sequence before on the same servers was the cause. */
    @Test
    void compare_failsNotByItself_showsTheWholeSequence() {
        assertThatThrownBy(() -> lane.compare(steps("lock"))).hasMessage("locked out");

        assertThatThrownBy(() -> new Sequences(List.of(lane), this::fresh)
                        .compare("any", Arbitraries.just(steps("b", "c")), 42, 0, 1))
                .hasMessageContaining("sequence 0 of seed 42 cannot begin")
                .hasMessageContaining("It does not by itself, on other servers:\n  b\n  c");
    }
}
