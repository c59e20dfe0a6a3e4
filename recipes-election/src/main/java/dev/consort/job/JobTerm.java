/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import dev.consort.job.ClusteredJobs.Outcome;
import dev.consort.job.JobKeys.View;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a process does for a job while it leads: it decides what comes next, and says in the durable key what it begins and what
 * has ended, on the condition that it leads and that the key is as it left it.
 *
 * <p>Concurrency: confined to the leader's thread.
 */
final class JobTerm {
    /** The wall clock may be set while it waits. */
    private static final Duration LONGEST_REST = Duration.ofMinutes(1);

    private final EtcdClusteredJob job;
    private final JobKeys keys;
    private final EtcdGrant leadership;
    private final Rendezvous<View> rendezvous;
    private final Waiting<View> waiting;
    private View seen;
    private JobState state;
    private @Nullable String written; // what the durable key says; null while it is not there

    JobTerm(EtcdClusteredJob job, EtcdGrant leadership) throws InterruptedException {
        this.job = job;
        this.keys = job.keys();
        this.leadership = leadership;
        this.rendezvous = new Rendezvous<>(
                leadership.session(), JobKeys.RECIPE, keys.job(), (entries, revision) -> keys.read(entries));
        this.waiting = new Waiting<>(rendezvous);
        this.seen = waiting.await(new Look(false));
        String schedule = job.policy().schedule().text();
        this.state = seen.state().map(known -> known.dueBy(schedule)).orElseGet(() -> JobState.first(schedule, now()));
        this.written = seen.text().orElse(null);
    }

    private Instant now() {
        return leadership.session().now();
    }

    /** Until it does not lead any more, or is not to. */
    void run() throws InterruptedException {
        if (!state.text().equals(written)) {
            write(state);
        }
        while (leadership.isHeld() && !job.isClosing()) {
            Plan plan = job.policy().next(state, seen.paused(), seen.trigger(), now());
            if (plan instanceof Plan.Fire fire) {
                seen = fire(fire);
            } else if (plan instanceof Plan.LeaveOut leaveOut) {
                write(state.skip(leaveOut.upTo()));
            } else if (plan instanceof Plan.Rest rest) {
                rest(rest.until());
            }
        }
    }

    private void rest(Optional<Instant> until) throws InterruptedException {
        Duration rest = until.map(moment -> Duration.between(now(), moment))
                .filter(duration -> duration.compareTo(LONGEST_REST) < 0)
                .orElse(LONGEST_REST);
        // Else it would be over a moment before that instant, for a clock of milliseconds is rounded.
        seen = waiting.await(new Asked(seen), rest.plusMillis(1)).orElse(seen);
    }

    /** Returns what the keys say after that. An operator may have paused it, or resumed it, and this process not know yet: then nothing runs. */
    private View fire(Plan.Fire fire) throws InterruptedException {
        JobState begun = state.begin(fire, now(), leadership.token().toLong(), job.owner());
        boolean applied = answered(new Write(begun.text(), OptionalLong.of(seen.pause())));
        if (!applied) {
            View known = answered(new Look(false));
            if (known.pause() != seen.pause()) {
                return known;
            }
        }
        confirmed(begun, applied);
        EtcdRun run = new EtcdRun(leadership, fire, state.due().orElseThrow(), job::isClosing);
        Throwable thrown = job.execute(run);
        if (thrown == null) {
            writeAlsoIfClosed(state.end(Outcome.DONE, now()));
        } else if (!leadership.isHeld() || job.isClosing()) {
            throw new InterruptedException(); // nobody knows what would have become of it: it will be run again
        } else if (job.policy().triesAgain(state.failures() + 1)) {
            write(state.failed(now()));
        } else {
            write(state.end(Outcome.FAILED, now()));
        }
        return answered(new Look(true));
    }

    /** However long that takes; when the job is closed it is tried for the request timeout. */
    private <T> T answered(Wait<View, T> wait) throws InterruptedException {
        return job.isClosing() ? waiting.answer(wait) : waiting.await(wait);
    }

    /** Returns when etcd has confirmed it. */
    private void write(JobState next) throws InterruptedException {
        confirmed(next, answered(new Write(next.text())));
    }

    /** The job may be closed just as this is written: what was done is confirmed all the same. */
    private void writeAlsoIfClosed(JobState next) throws InterruptedException {
        try {
            write(next);
        } catch (InterruptedException e) {
            if (!job.isClosing() || !leadership.isHeld()) {
                throw e;
            }
            confirmed(next, waiting.answer(new Write(next.text())));
            Thread.currentThread().interrupt();
        }
    }

    private void confirmed(JobState next, boolean applied) throws InterruptedException {
        if (!applied && leadership.isHeld() && !job.isClosing()) {
            throw new RecipeException(
                    JobKeys.RECIPE,
                    keys.name(),
                    "somebody else has changed '" + keys.state() + "' while this process leads; it begins anew",
                    null);
        } else if (!applied) {
            throw new InterruptedException();
        }
        state = next;
        written = next.text();
    }

    /** What the keys say now. */
    private static final class Look extends Wait<View, View> {
        private final boolean mayBeStale;

        Look(boolean mayBeStale) {
            this.mayBeStale = mayBeStale;
        }

        @Override
        protected boolean mayBeginStale() {
            return mayBeStale;
        }

        @Override
        protected void look(View view) {
            pass(view);
        }
    }

    /** That operators ask for something else than before. */
    private static final class Asked extends Wait<View, View> {
        private final View before;

        Asked(View before) {
            this.before = before;
        }

        @Override
        protected void look(View view) {
            if (view.asks(before)) {
                mustWait();
            } else {
                pass(view);
            }
        }
    }

    /** Of the durable key, from what this process left there, and if the pause is so; once, for an attempt of it that is late finds it changed. */
    private final class Write extends Wait<View, Boolean> {
        private final String text;
        private final OptionalLong pause;
        private final @Nullable String before = written;
        private boolean sent;

        Write(String text) {
            this(text, OptionalLong.empty());
        }

        Write(String text, OptionalLong pause) {
            this.text = text;
            this.pause = pause;
        }

        @Override
        protected void look(View view) {
            if (sent) {
                return;
            }
            sent = true;
            Step step = Step.on(rendezvous.connection()).ifHeld(leadership).ifValue(keys.state(), before);
            pause.ifPresent(revision -> step.ifCreated(keys.paused(), revision));
            rendezvous.take(
                    step.put(keys.state(), text).otherwiseRead(keys.state()),
                    answer -> pass(answer.applied() || answer.says(text)), // or by an attempt that was not answered
                    this::fail);
        }
    }
}
