/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.job.Schedule.CronTimes;
import dev.consort.job.Schedule.Every;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
    private static Schedule cron(String expression, String zone) {
        return new CronTimes(expression, Schedule.zone(zone));
    }

    private static List<String> dueTimes(Schedule schedule, String from, int count) {
        List<String> times = new ArrayList<>();
        Optional<Instant> time = schedule.after(Instant.parse(from));
        for (int i = 0; i < count; i++) {
            times.add(time.orElseThrow().toString());
            time = schedule.after(time.orElseThrow());
        }
        return times;
    }

    @Test
    void every_isDueAtTheMultiplesSinceTheEpoch() {
        assertThat(dueTimes(new Every(Duration.ofHours(6)), "2026-11-21T11:59:59.999Z", 3))
                .containsExactly("2026-11-21T12:00:00Z", "2026-11-21T18:00:00Z", "2026-11-22T00:00:00Z");
        assertThat(new Every(Duration.ofMillis(1)).after(Instant.ofEpochMilli(-5)))
                .hasValue(Instant.ofEpochMilli(-4));
    }

    @Test
    void cron_inAZone() {
        assertThat(dueTimes(cron("0 2 * * *", "Europe/Berlin"), "2026-06-01T00:00:00Z", 2))
                .containsExactly("2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z");
        assertThat(dueTimes(cron("30 6 * * 1-5", "UTC"), "2026-11-20T07:00:00Z", 2))
                .containsExactly("2026-11-23T06:30:00Z", "2026-11-24T06:30:00Z");
    }

    /** As the page says. */
    @Test
    void cron_whereClocksChange() {
        assertThat(dueTimes(cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T02:00:00Z", 2))
                .as("left out on the 29th")
                .containsExactly("2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z");
        assertThat(dueTimes(cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T02:00:00Z", 2))
                .as("once on the 25th")
                .containsExactly("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
        assertThat(dueTimes(cron("*/30 * * * *", "Europe/Berlin"), "2026-10-25T00:00:00Z", 3))
                .containsExactly("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z");
        assertThat(dueTimes(cron("*/30 * * * *", "Europe/Berlin"), "2026-03-29T00:00:00Z", 3))
                .containsExactly("2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z");
    }

    /** Whatever the schedule: the latest due time up to a moment is one, and the next is behind that moment. */
    @Test
    void latest_isTheLastDueTimeUpToAMoment() {
        Random random = new Random(6);
        List<Schedule> schedules = List.of(
                new Every(Duration.ofMillis(1_700)),
                new Every(Duration.ofDays(7)),
                cron("*/7 * * * *", "UTC"),
                cron("30 2 * * *", "Europe/Berlin"),
                cron("0 0 29 2 *", "America/New_York"),
                cron("15 1,2,3 * * *", "Australia/Lord_Howe"));
        for (Schedule schedule : schedules) {
            for (int i = 0; i < 300; i++) {
                Instant last = Instant.ofEpochSecond(1_770_000_000L + random.nextInt(30_000_000));
                Instant first = schedule.after(last).orElseThrow();
                assertThat(first).isAfter(last);
                Instant now = first.plusMillis((long) (random.nextDouble() * 40 * 86_400_000L));
                Instant latest = schedule.latest(first, now);
                assertThat(latest).as("%s up to %s", schedule.text(), now).isBetween(first, now);
                assertThat(schedule.after(latest).orElseThrow())
                        .as("%s after %s", schedule.text(), latest)
                        .isAfter(now);
                assertThat(schedule.latest(first, latest)).isEqualTo(latest);
            }
        }
    }

    @Test
    void latest_ofAMinuteInTenYears_isFoundAtOnce() {
        Instant first = Instant.parse("2016-01-01T00:00:00Z");
        assertThat(cron("* * * * *", "UTC").latest(first, Instant.parse("2026-01-01T00:00:30Z")))
                .isEqualTo("2026-01-01T00:00:00Z");
    }

    @Test
    void text_isReadAgain() {
        for (Schedule schedule : List.of(
                new Every(Duration.ofMillis(90_500)),
                cron("0 2 * * 1-5", "Europe/Berlin"),
                cron("5 4 * * SUN", "UTC"))) {
            Schedule read = Schedule.read(schedule.text()).orElseThrow();
            assertThat(read.text()).isEqualTo(schedule.text());
            assertThat(dueTimes(read, "2026-01-01T00:00:00Z", 5))
                    .isEqualTo(dueTimes(schedule, "2026-01-01T00:00:00Z", 5));
        }
        for (String bad :
                List.of("", "every", "every x", "cron", "cron x", "cron 0 2 * * * Nowhere/Town", "yearly 1")) {
            assertThat(Schedule.read(bad)).as(bad).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "* * * *", "* * * * * *", "61 * * * *", "*/0 * * * *", "@daily", "0 2 * * MOON"})
    void cron_malformed_isRefusedWithTheExpression(String bad) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cron(bad, "UTC"))
                .withMessageContaining("'" + bad + "' cannot be read")
                .withMessageContaining("0 2 * * 1-5");
    }

    @Test
    void cron_thatNeverComes_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cron("0 0 30 2 *", "UTC"))
                .withMessageContaining("'0 0 30 2 *' never comes due");
    }

    @Test
    void zone_thatDoesNotExist_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cron("0 2 * * *", "Europe/Atlantis"))
                .withMessageContaining("'Europe/Atlantis'");
        assertThat(ZoneId.of("Europe/Berlin")).isEqualTo(Schedule.zone("Europe/Berlin"));
    }

    @Test
    void every_withoutAPeriod_isRefused() {
        for (Duration bad :
                List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofNanos(999_999), Duration.ofDays(3_651))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Every(bad))
                    .withMessageContaining(bad.toString());
        }
    }
}
