/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.election.LeaderLoop;
import dev.consort.election.Leadership;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Plans the jobs while its worker leads. */
final class Planner implements LeaderLoop.Task {
    /** How many jobs there are to plan. */
    static final int JOBS = 60;

    private static final int BATCH = 10;
    private static final Duration PAUSE = Duration.ofMillis(400);

    private final Worker.Setup setup;
    private final CountDownLatch ending;

    Planner(Worker.Setup setup, CountDownLatch ending) {
        this.setup = setup;
        this.ending = ending;
    }

    @Override
    public void lead(Leadership leadership) throws SQLException, InterruptedException {
        long term = leadership.token().revision();
        Worker.report(Event.Kind.LEADS, 0, term);
        try (JobTable jobs = setup.jobs()) {
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
            ending.await();
        } catch (InterruptedException e) {
            if (ending.getCount() > 0) {
                Worker.report(Event.Kind.DEPOSED, 0, term);
            }
            throw e;
        }
    }
}
