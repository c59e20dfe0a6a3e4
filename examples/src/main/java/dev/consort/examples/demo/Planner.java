/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.LossReason;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Campaigns, and plans the jobs while it leads. */
final class Planner implements Worker.Loop {
    /** How many jobs there are to plan. */
    static final int JOBS = 60;

    private static final int BATCH = 10;
    private static final Duration PAUSE = Duration.ofMillis(400);

    private final Worker.Setup setup;
    private final SessionFactory sessions;
    private final CountDownLatch ending;

    Planner(Worker.Setup setup, SessionFactory sessions, CountDownLatch ending) {
        this.setup = setup;
        this.sessions = sessions;
        this.ending = ending;
    }

    @Override
    public void run() throws InterruptedException, ExecutionException, SQLException {
        try (JobTable jobs = setup.jobs()) {
            while (ending.getCount() > 0) {
                try (Leadership leadership =
                        LeaderElection.create(sessions.session(), "leader").campaign(setup.name())) {
                    lead(leadership, jobs);
                } catch (SessionLostException | EtcdUnavailableException | OutcomeUnknownException e) {
                    // Leads no more: the next campaign is on the session that there is then.
                }
            }
        }
    }

    private void lead(Leadership leadership, JobTable jobs)
            throws InterruptedException, ExecutionException, SQLException {
        long term = leadership.token().revision();
        Worker.report(Event.Kind.LEADS, 0, term);
        for (int next = jobs.planned() + 1; next <= JOBS; next += BATCH) {
            int last = Math.min(next + BATCH - 1, JOBS);
            // The term in the condition is what keeps out a leader that was paused here.
            if (!jobs.plan(next, last, leadership.token())
                    || !leadership.proclaim(setup.name() + ": " + last + " of " + JOBS + " jobs planned")) {
                return;
            }
            Worker.report(Event.Kind.PLANNED, last, term);
            if (ending.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        }
        if (leadership.lost().toCompletableFuture().get() != LossReason.CLOSED) {
            Worker.report(Event.Kind.DEPOSED, 0, term);
        }
    }
}
