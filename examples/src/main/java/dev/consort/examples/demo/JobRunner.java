/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Grant;
import dev.consort.core.LossReason;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.examples.demo.JobTable.Job;
import dev.consort.lock.Mutex;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Takes one job after the other, each under the lock of its name. */
final class JobRunner {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final Duration WAIT_IN_LINE = Duration.ofSeconds(1);

    private final Worker.Setup setup;
    private final SessionFactory sessions;
    private final CountDownLatch ending;

    JobRunner(Worker.Setup setup, SessionFactory sessions, CountDownLatch ending) {
        this.setup = setup;
        this.sessions = sessions;
        this.ending = ending;
    }

    void run() throws InterruptedException, SQLException {
        try (JobTable jobs = setup.jobs()) {
            while (ending.getCount() > 0) {
                try {
                    List<Job> open = jobs.open();
                    if (open.isEmpty()) {
                        ending.await(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
                    } else if (!runFirstFree(open, jobs)) {
                        // Others are at all of them. Whoever holds the first one may be dead: wait in line for it.
                        Job first = open.get(0);
                        run(first, mutex(first).tryAcquire(WAIT_IN_LINE), jobs);
                    }
                } catch (SessionLostException | EtcdUnavailableException e) {
                    // What was held is gone or goes soon; the next job is taken on the session that there is then.
                }
            }
        }
    }

    private Mutex mutex(Job job) {
        return Mutex.create(sessions.session(), "jobs/" + job.id());
    }

    private boolean runFirstFree(List<Job> open, JobTable jobs) throws InterruptedException, SQLException {
        for (Job job : open) {
            if (run(job, mutex(job).tryAcquire(), jobs)) {
                return true;
            }
        }
        return false;
    }

    private boolean run(Job job, Optional<Grant> acquired, JobTable jobs) throws InterruptedException, SQLException {
        if (acquired.isEmpty()) {
            return false;
        }
        try (Grant grant = acquired.get()) {
            if (jobs.begin(job, grant.token())) {
                work(job, grant, jobs);
            }
        }
        return true;
    }

    private void work(Job job, Grant grant, JobTable jobs) throws InterruptedException, SQLException {
        long token = grant.token().toLong();
        Worker.report(Event.Kind.HOLDS, job.id(), token);
        var unused = grant.lost().thenAccept(reason -> {
            if (reason != LossReason.CLOSED) {
                Worker.report(Event.Kind.LOSES, job.id(), token);
            }
        });
        if (ending.await(job.workMillis(), TimeUnit.MILLISECONDS)) {
            return;
        }
        // No grant.isHeld() here: this process may be paused between any check and the write. The token decides.
        boolean written = jobs.write(job, (long) job.id() * job.id(), grant.token());
        Worker.report(written ? Event.Kind.WRITES : Event.Kind.REFUSED, job.id(), token);
    }
}
