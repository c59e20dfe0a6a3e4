/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Histories of many names at once. */
class ManyNamesProperties {
    private static final int NAMES = 100;
    private static final int EACH = 1000;
    private static final Duration MOST = Duration.ofSeconds(20); // of one processor, whatever else it has to do

    private record Call<O>(String name, O what) {}

    static List<Kind<?, ?>> kinds() {
        return Kind.all().toList();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    <S, O> void hundredThousandOperations_areDecidedSoon(Kind<S, O> kind) {
        Random random = new Random(11);
        // Where many orders fit, as of readers, unknown outcomes cost the most.
        boolean hard = kind.model() instanceof ReadWriteLockModel || kind.model() instanceof FifoQueueModel;
        List<Operation<Call<O>>> history = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            String name = "n" + i;
            new RandomHistory<>(kind, random, hard ? 3 : 8, hard ? 1 : 2, 1 << 30)
                    .of(EACH)
                    .forEach(operation -> history.add(on(name, operation.what(), operation)));
        }
        assertThat(violations(kind, history)).isEmpty();

        int hidden = history.size() - EACH / 2;
        while (history.get(hidden).outcome() != Outcome.OK) {
            hidden++;
        }
        Operation<Call<O>> was = history.get(hidden);
        history.set(hidden, on("n" + (NAMES - 1), kind.never(), was));
        assertThat(violations(kind, history)).singleElement().satisfies(violation -> {
            assertThat(violation.name()).isEqualTo("n" + (NAMES - 1));
            assertThat(violation.until()).isLessThanOrEqualTo(was.completed());
            assertThat(violation.unplaced()).isNotEmpty();
        });
    }

    private static <O> Operation<Call<O>> on(String name, O what, Operation<?> as) {
        return new Operation<>(as.client(), new Call<>(name, what), as.outcome(), as.invoked(), as.completed());
    }

    private static <S, O> List<Violation<O>> violations(Kind<S, O> kind, List<Operation<Call<O>>> history) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long begin = threads.getCurrentThreadCpuTime();
        List<Violation<O>> found = Linearizability.violations(kind.model(), history, Call::name, Call::what);
        Duration taken = Duration.ofNanos(threads.getCurrentThreadCpuTime() - begin);
        long unknown = history.stream()
                .filter(operation -> operation.outcome() == Outcome.UNKNOWN)
                .count();
        System.out.println(kind + ": operations checked = " + history.size() + ", unknown " + unknown + ", violations "
                + found.size() + ", " + taken.toMillis() + " ms");
        assertThat(history).hasSizeGreaterThanOrEqualTo(NAMES * EACH);
        assertThat(taken).isLessThan(MOST);
        return found;
    }
}
