/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.job.ClusteredJob;
import dev.consort.job.Run;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Plans some more of the jobs each time it is due, in the one process that leads. */
final class Planner implements ClusteredJob.Task {
    /** How many jobs there are to plan. */
    static final int JOBS = 60;

    static final Duration PERIOD = Duration.ofMillis(400);

    private static final int BATCH = 10;

    private final Worker.Setup setup;
    private final CountDownLatch ending;
    private long term; // of the last run here; runs come one at a time

    Planner(Worker.Setup setup, CountDownLatch ending) {
        this.setup = setup;
        this.ending = ending;
    }

    @Override
    public void run(Run run) throws SQLException {
        long now = run.token().revision();
        if (now != term) {
            term = now;
            Worker.report(Event.Kind.LEADS, 0, now);
        }
        var unused = run.cancelled().thenRun(() -> {
            if (ending.getCount() > 0) {
                Worker.report(Event.Kind.DEPOSED, 0, now);
            }
        });
        try (JobTable jobs = setup.jobs()) {
            int next = jobs.planned() + 1;
            int last = Math.min(next + BATCH - 1, JOBS);
            // The term in the condition is what keeps out a leader that was paused here. One that was killed here has
            // planned
            // what its successor plans again, for its run was not completed.
            if (next <= JOBS && jobs.plan(next, last, run.token())) {
                Worker.report(Event.Kind.PLANNED, last, now);
            }
        }
    }
}
