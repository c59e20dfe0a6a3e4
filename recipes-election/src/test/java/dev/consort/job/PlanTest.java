/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.job.ClusteredJobs.Outcome;
import dev.consort.job.Plan.Fire;
import dev.consort.job.Plan.LeaveOut;
import dev.consort.job.Plan.Policy;
import dev.consort.job.Plan.Rest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final Duration PERIOD = Duration.ofMinutes(10);
    private static final Instant MADE = Instant.parse("2026-11-21T10:03:00Z");
    private static final JobState NEW = JobState.first("every PT10M", MADE);

    private static Instant at(String time) {
        return Instant.parse("2026-11-21T" + time + "Z");
    }

    private static Policy policy(CatchUp catchUp) {
        return new Policy(new Schedule.Every(PERIOD), catchUp, 2, Duration.ofSeconds(30), Duration.ZERO);
    }

    private static Plan next(CatchUp catchUp, JobState state, String now) {
        return policy(catchUp).next(state, false, 0, at(now));
    }

    private static JobState begun(String due, int attempt, int failures, String now) {
        return NEW.begin(new Fire(at(due), 0, attempt, failures), at(now), 7, "me");
    }

    @Test
    void nothingDue_rests() {
        assertThat(next(CatchUp.ONCE, NEW, "10:09:59")).isEqualTo(new Rest(Optional.of(at("10:10:00"))));
    }

    @Test
    void due_fires() {
        for (CatchUp each : CatchUp.values()) {
            assertThat(next(each, NEW, "10:10:00")).isEqualTo(new Fire(at("10:10:00"), 0, 1, 0));
        }
    }

    @Test
    void missed_isCaughtUpAsSaid() {
        assertThat(next(CatchUp.ONCE, NEW, "10:41:01")).isEqualTo(new Fire(at("10:40:00"), 0, 1, 0));
        assertThat(next(CatchUp.ALL, NEW, "10:41:01")).isEqualTo(new Fire(at("10:10:00"), 0, 1, 0));
        assertThat(next(CatchUp.SKIP, NEW, "10:41:00")).isEqualTo(new LeaveOut(at("10:40:00")));
        assertThat(next(CatchUp.SKIP, NEW, "10:40:59")).isEqualTo(new Fire(at("10:40:00"), 0, 1, 0));
    }

    @Test
    void completed_isNotDueAgainByAnyClock() {
        JobState done = begun("10:20:00", 1, 0, "10:20:00").end(Outcome.DONE, at("10:20:01"));
        for (CatchUp each : CatchUp.values()) {
            assertThat(next(each, done, "10:20:00")).isEqualTo(new Rest(Optional.of(at("10:30:00"))));
            assertThat(next(each, done, "09:00:00")).isEqualTo(new Rest(Optional.of(at("10:30:00"))));
        }
    }

    @Test
    void begunByOneThatDied_isBegunAgain() {
        JobState state = begun("10:10:00", 2, 1, "10:10:00");
        for (CatchUp each : CatchUp.values()) {
            assertThat(next(each, state, "10:10:20")).isEqualTo(new Fire(at("10:10:00"), 0, 3, 1));
        }
        assertThat(next(CatchUp.ONCE, state, "10:20:20")).isEqualTo(new Fire(at("10:20:00"), 0, 1, 0));
        assertThat(next(CatchUp.ALL, state, "10:20:20")).isEqualTo(new Fire(at("10:10:00"), 0, 3, 1));
        assertThat(next(CatchUp.SKIP, state, "10:19:20")).isEqualTo(new LeaveOut(at("10:10:00")));
    }

    @Test
    void failed_isTriedAgainAfterThePause() {
        JobState state = begun("10:10:00", 1, 0, "10:10:00").failed(at("10:10:05"));
        assertThat(next(CatchUp.ALL, state, "10:10:34")).isEqualTo(new Rest(Optional.of(at("10:10:35"))));
        assertThat(next(CatchUp.ALL, state, "10:10:35")).isEqualTo(new Fire(at("10:10:00"), 0, 2, 1));
        assertThat(policy(CatchUp.ALL).triesAgain(2)).isTrue();
        assertThat(policy(CatchUp.ALL).triesAgain(3)).isFalse();
    }

    @Test
    void atLeastFor_isKeptByWhoeverLeads() {
        Policy policy = new Policy(new Schedule.Every(PERIOD), CatchUp.ALL, 0, Duration.ZERO, Duration.ofMinutes(15));
        JobState done = begun("10:10:00", 1, 0, "10:10:00").end(Outcome.DONE, at("10:10:01"));
        assertThat(policy.next(done, false, 0, at("10:20:00"))).isEqualTo(new Rest(Optional.of(at("10:25:00"))));
        assertThat(policy.next(done, false, 5, at("10:11:00"))).isEqualTo(new Rest(Optional.of(at("10:25:00"))));
        assertThat(policy.next(done, false, 0, at("10:25:00"))).isEqualTo(new Fire(at("10:20:00"), 0, 1, 0));
    }

    @Test
    void paused_firesByHandOnly() {
        Policy policy = policy(CatchUp.ALL);
        assertThat(policy.next(NEW, true, 0, at("10:41:00"))).isEqualTo(new Rest(Optional.empty()));
        assertThat(policy.next(NEW, true, 12, at("10:41:00"))).isEqualTo(new Fire(at("10:41:00"), 12, 1, 0));
    }

    @Test
    void trigger_firesOnceAndLeavesTheScheduleAlone() {
        Policy policy = policy(CatchUp.ONCE);
        Fire fire = (Fire) policy.next(NEW, false, 12, at("10:05:00"));
        assertThat(fire).isEqualTo(new Fire(at("10:05:00"), 12, 1, 0));
        JobState begun = NEW.begin(fire, at("10:05:00"), 7, "me");
        assertThat(policy.next(begun, true, 12, at("10:05:30"))).isEqualTo(new Fire(at("10:05:00"), 12, 2, 0));
        JobState done = begun.end(Outcome.DONE, at("10:05:01"));
        assertThat(done.last()).isEqualTo(NEW.last());
        assertThat(policy.next(done, false, 12, at("10:05:30"))).isEqualTo(new Rest(Optional.of(at("10:10:00"))));
        assertThat(policy.next(done, false, 13, at("10:05:30"))).isInstanceOf(Fire.class);
    }

    /** The due time goes on where it was, after the same pause, whatever came between. */
    @Test
    void trigger_whileADueTimeWaits_leavesItsCountAlone() {
        JobState failed = begun("10:10:00", 2, 1, "10:10:00").failed(at("10:10:05"));
        Fire byHand = (Fire) policy(CatchUp.ALL).next(failed, false, 12, at("10:10:06"));
        assertThat(byHand).isEqualTo(new Fire(at("10:10:06"), 12, 1, 0));
        JobState soon = failed.begin(byHand, at("10:10:06"), 8, "me").end(Outcome.DONE, at("10:10:08"));
        assertThat(next(CatchUp.ALL, soon, "10:10:34")).isEqualTo(new Rest(Optional.of(at("10:10:35"))));
        assertThat(next(CatchUp.ALL, soon, "10:10:35")).isEqualTo(new Fire(at("10:10:00"), 0, 3, 2));
        JobState byHandFailed = failed.begin(byHand, at("10:10:06"), 8, "me").failed(at("10:10:08"));
        assertThat(JobState.read(byHandFailed.text())).hasValue(byHandFailed);
        Fire again = (Fire) policy(CatchUp.ALL).next(byHandFailed, false, 12, at("10:10:38"));
        assertThat(again).isEqualTo(new Fire(at("10:10:06"), 12, 2, 1));
        JobState done = byHandFailed.begin(again, at("10:10:38"), 8, "me").end(Outcome.DONE, at("10:10:39"));
        JobState second = done.begin(new Fire(at("10:10:40"), 13, 1, 0), at("10:10:40"), 9, "you")
                .end(Outcome.DONE, at("10:10:41"));
        for (JobState state : List.of(done, second)) {
            for (CatchUp each : CatchUp.values()) {
                assertThat(next(each, state, "10:10:42")).isEqualTo(new Fire(at("10:10:00"), 0, 3, 2));
            }
            assertThat(next(CatchUp.ONCE, state, "10:20:00")).isEqualTo(new Fire(at("10:20:00"), 0, 1, 0));
        }
        JobState third = done.begin((Fire) next(CatchUp.ALL, done, "10:10:42"), at("10:10:42"), 8, "me");
        assertThat(third.waiting()).isEmpty();
        assertThat(policy(CatchUp.ALL).triesAgain(third.failures() + 1)).isFalse();
        JobState died = begun("10:10:00", 1, 0, "10:10:00")
                .begin(new Fire(at("10:10:20"), 12, 1, 0), at("10:10:20"), 8, "me")
                .end(Outcome.DONE, at("10:10:21"));
        assertThat(next(CatchUp.ALL, died, "10:10:21")).isEqualTo(new Fire(at("10:10:00"), 0, 2, 0));
    }

    @Test
    void state_ofAnEarlierVersion_isRead() {
        assertThat(JobState.read(NEW.text().replace("waiting=\n", ""))).hasValue(NEW);
        assertThat(JobState.read(NEW.text().replace("waiting=", "waiting=soon")))
                .isEmpty();
    }

    @Test
    void state_isReadAsWritten() {
        JobState state = begun("10:10:00", 2, 1, "10:10:00").failed(at("10:10:05"));
        assertThat(JobState.read(state.text())).hasValue(state);
        assertThat(JobState.read(NEW.text())).hasValue(NEW);
        JobState named = NEW.begin(new Fire(at("10:10:00"), 3, 1, 0), at("10:10:00"), 7, "a=b pid=4 =");
        assertThat(JobState.read(named.text())).hasValue(named);
        assertThat(JobState.read(NEW.text().replace("last=", "latest="))).isEmpty();
        assertThat(JobState.read(NEW.text().replace("NONE", "WHO KNOWS"))).isEmpty();
        assertThat(JobState.read("")).isEmpty();
        assertThat(JobState.read(NEW.text() + "later=1\n"))
                .as("of a later version")
                .hasValue(NEW);
    }
}
