/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.testkit.NetworkFault.Kind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How schedules are drawn and shown; what a proxy makes of them is in FaultProxyScheduleIT. */
class NetworkScheduleTest {
    private static final Duration LENGTH = Duration.ofSeconds(2);

    @Test
    void of_sameSeed_sameSchedule_otherSeed_another() {
        assertThat(NetworkSchedule.of(42, LENGTH)).isEqualTo(NetworkSchedule.of(42, LENGTH));
        assertThat(LongStream.range(0, 100)
                        .mapToObj(seed -> NetworkSchedule.of(seed, LENGTH).faults()))
                .doesNotHaveDuplicates();
    }

    /** Whoever has kept a seed wants the same faults after an upgrade, too. */
    @Test
    void of_aSeed_isThisScheduleForEver() {
        assertThat(NetworkSchedule.of(42, LENGTH)).hasToString("""
                NetworkSchedule of seed 42:
                  0.128 s RESET
                  0.130 s STOP
                  0.207 s RESET
                  0.385 s CUT TO_CLIENT 2421 bytes
                  0.631 s RESUME
                  1.089 s RATE 64001 bytes/s
                  1.128 s RATE 0 bytes/s
                  1.256 s STOP
                  1.446 s RESET
                  1.566 s RATE 15169 bytes/s
                  1.681 s RESUME
                  1.713 s RATE TO_SERVER 298223 bytes/s
                  1.797 s RESET TO_SERVER
                  1.841 s RATE TO_SERVER 0 bytes/s
                  2.000 s RATE 0 bytes/s
                  2.000 s RESTORE""");
    }

    @Test
    void of_everySeed_isInOrderEndsRestoredAndNothingLastsLongerThanAQuarter() {
        for (long seed = 0; seed < 200; seed++) {
            NetworkSchedule schedule = NetworkSchedule.of(seed, LENGTH);
            List<NetworkFault> faults = schedule.faults();
            assertThat(faults).isSortedAccordingTo((a, b) -> a.at().compareTo(b.at()));
            NetworkFault last = faults.get(faults.size() - 1);
            assertThat(last).isEqualTo(fault(2_000, Kind.RESTORE, null, 0));
            faults.stream()
                    .filter(fault -> fault.kind() == Kind.STOP)
                    .forEach(stop -> assertThat(faults)
                            .as("%s in %s", stop, schedule)
                            .anyMatch(end -> end.kind() == Kind.RESUME
                                    && end.direction() == stop.direction()
                                    && !end.at().minus(stop.at()).isNegative()
                                    && end.at().minus(stop.at()).toMillis() <= 501));
        }
    }

    @Test
    void of_manySeeds_everyKindComesAndSoDoesEachDirection() {
        Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
        LongStream.range(0, 100)
                .mapToObj(seed -> NetworkSchedule.of(seed, LENGTH))
                .flatMap(schedule -> schedule.faults().stream())
                .forEach(fault -> kinds.merge(fault.kind(), 1, Integer::sum));
        // Drawn evenly: a thousand in all.
        assertThat(kinds).containsOnlyKeys(Kind.values());
        assertThat(kinds.values()).allMatch(count -> count > 80);
    }

    @Test
    void of_shortestLength_isPossible() {
        assertThat(NetworkSchedule.of(1, Duration.ofMillis(1)).faults())
                .allMatch(fault -> fault.at().toMillis() <= 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NetworkSchedule.of(1, Duration.ZERO))
                .withMessageContaining("PT0S");
    }

    @Test
    void random_takesTheSeedOfTheProperty_elseAnother() {
        System.setProperty("consort.network.seed", "7");
        try {
            assertThat(NetworkSchedule.random(LENGTH)).isEqualTo(NetworkSchedule.of(7, LENGTH));
        } finally {
            System.clearProperty("consort.network.seed");
        }
        assertThat(NetworkSchedule.random(LENGTH).seed())
                .isNotEqualTo(NetworkSchedule.random(LENGTH).seed());
    }

    @Test
    void during_aFailingBody_saysTheSeedAndTheFaults() {
        NetworkSchedule schedule = NetworkSchedule.of(42, LENGTH);
        try (FaultProxy proxy = FaultProxy.to("127.0.0.1:1")) {
            assertThatExceptionOfType(AssertionError.class)
                    .isThrownBy(() -> schedule.during(proxy, () -> {
                        throw new AssertionError("not held");
                    }))
                    .withMessage("not held")
                    .satisfies(failure -> assertThat(failure.getSuppressed())
                            .singleElement()
                            .asString()
                            .contains("-Dconsort.network.seed=42", schedule.toString()));
            Runnable ending = proxy::close;
            assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() -> schedule.during(proxy, () -> {
                        ending.run();
                        throw new InterruptedException("after closing it");
                    }))
                    .withMessage("after closing it");
        }
    }

    @Test
    void badValues_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> fault(-1, Kind.RESET, null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> fault(0, Kind.DELAY, null, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> fault(0, Kind.CUT, null, 1))
                .withMessageContaining("direction");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new NetworkSchedule(0, List.of(fault(2, Kind.RESET, null, 0), fault(1, Kind.RESET, null, 0))))
                .withMessageContaining("fault 1");
    }

    static NetworkFault fault(long atMillis, Kind kind, @Nullable Direction direction, long amount) {
        return new NetworkFault(Duration.ofMillis(atMillis), kind, direction, amount);
    }
}
