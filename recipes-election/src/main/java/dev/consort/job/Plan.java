/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What a leader does next. Immutable. */
interface Plan {
    /** A due time that nobody has run for so long was missed, under {@link CatchUp#SKIP}. */
    Duration IN_TIME = Duration.ofMinutes(1);

    /**
     * Nothing, until a moment.
     *
     * @param until empty if nothing comes due
     */
    record Rest(Optional<Instant> until) implements Plan {}

    /** Leaves out what was due up to a due time. */
    record LeaveOut(Instant upTo) implements Plan {}

    /**
     * Begins a run.
     *
     * @param due its scheduled time
     * @param trigger the mod revision of what triggers it by hand; 0 if it is due
     * @param attempt 1 or more
     * @param failures of the attempts before
     */
    record Fire(Instant due, long trigger, int attempt, int failures) implements Plan {}

    /**
     * What the user chose.
     *
     * @param retries after failures
     * @param pause before each
     * @param atLeast from the beginning of a run to that of the next one
     */
    record Policy(Schedule schedule, CatchUp catchUp, int retries, Duration pause, Duration atLeast) {
        /** Decides by what is known of the job, by what operators ask for, and by the clock; nothing else. */
        Plan next(JobState state, boolean paused, long trigger, Instant now) {
            Plan plan = wanted(state, paused, trigger, now);
            if (plan instanceof Fire fire) {
                Instant allowed = allowed(state, fire);
                return now.isBefore(allowed) ? new Rest(Optional.of(allowed)) : plan;
            }
            return plan;
        }

        /** When it may begin at the earliest. */
        private Instant allowed(JobState state, Fire fire) {
            Instant allowed = state.begun().map(begun -> begun.plus(atLeast)).orElse(Instant.MIN);
            Optional<Instant> failed =
                    state.due().isPresent() ? state.ended() : state.waiting().flatMap(JobState.Waiting::failed);
            Instant retry = fire.failures() == 0
                    ? Instant.MIN
                    : failed.map(moment -> moment.plus(pause)).orElse(Instant.MIN);
            return allowed.isAfter(retry) ? allowed : retry;
        }

        private Plan wanted(JobState state, boolean paused, long trigger, Instant now) {
            if (state.due().isPresent() && state.manual() != 0) {
                return again(state);
            }
            if (trigger > state.triggered()) {
                return new Fire(now, trigger, 1, 0);
            }
            if (paused) {
                return new Rest(Optional.empty());
            }
            Optional<Instant> first = schedule.after(state.last());
            if (first.isEmpty() || first.get().isAfter(now)) {
                return new Rest(first);
            }
            return switch (catchUp) {
                case ALL -> fire(state, first.get());
                case ONCE -> fire(state, schedule.latest(first.get(), now));
                case SKIP -> {
                    Instant latest = schedule.latest(first.get(), now);
                    yield now.isBefore(latest.plus(IN_TIME)) ? fire(state, latest) : new LeaveOut(latest);
                }
            };
        }

        private static Fire fire(JobState state, Instant due) {
            return state.due().equals(Optional.of(due))
                    ? again(state)
                    : state.waiting()
                            .filter(waiting -> waiting.due().equals(due))
                            .map(waiting -> new Fire(due, 0, waiting.attempt() + 1, waiting.failures()))
                            .orElse(new Fire(due, 0, 1, 0));
        }

        private static Fire again(JobState state) {
            return new Fire(state.due().orElseThrow(), state.manual(), state.attempt() + 1, state.failures());
        }

        /** Whether a due time is tried again after so many failures. */
        boolean triesAgain(int failures) {
            return failures <= retries;
        }
    }
}
