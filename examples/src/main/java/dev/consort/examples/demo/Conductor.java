/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.examples.demo.Event.Kind;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Starts the workers and does to them what happens to processes: it kills the leader, and stops one that holds a lock.
 * Not thread-safe.
 */
final class Conductor {
    private static final int WORKERS = 3;
    private static final int PLANNED_BEFORE_KILL = 20;

    /** From the first worker's start; the rest of the 45 s is for ending. */
    private static final Duration TIME_LIMIT = Duration.ofSeconds(38);

    /** At least: as long as it takes until another worker has the job. */
    private static final Duration PAUSE = Worker.TTL.plusMillis(500);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final Stage stage;
    private final Database database;
    private final EventLog log;
    private long deadline;
    private long failoverMillis = -1;

    Conductor(Stage stage, EventLog log) {
        this.stage = stage;
        this.database = stage.database();
        this.log = log;
    }

    /**
     * Runs the play to its end, or until something goes wrong, which is shown.
     *
     * @return what came of it
     */
    Result run() throws SQLException, InterruptedException {
        deadline = System.nanoTime() + TIME_LIMIT.toNanos();
        boolean asPlanned = true;
        try {
            for (int i = 0; i < WORKERS; i++) {
                stage.startWorker();
            }
            killTheLeader();
            stage.startWorker();
            boolean shown;
            do {
                shown = stopAHolder();
            } while (!shown);
            awaitAllDone();
            stage.endWorkers();
        } catch (DemoFailedException | IOException e) {
            log.note("", "FAILED: " + e.getMessage() + "; the workers' logs may say more");
            asPlanned = false;
        }
        return new Result(Planner.JOBS, database.done(), database.duplicated(), refused(), failoverMillis, asPlanned);
    }

    private void killTheLeader() throws IOException, InterruptedException, DemoFailedException {
        Event planned = await(0, "a plan", event -> event.kind() == Kind.PLANNED && event.job() >= PLANNED_BEFORE_KILL);
        String leader = planned.process();
        int from = log.size();
        Event killed = log.add(leader, Kind.KILLED, 0, planned.token());
        stage.worker(leader).kill();
        Event next =
                await(from, "a new leader", event -> event.kind() == Kind.LEADS && event.token() > planned.token());
        failoverMillis = next.millis() - killed.millis();
    }

    /** Returns false if the holder was at its write already; then nothing was shown, and it goes on. */
    private boolean stopAHolder() throws IOException, SQLException, InterruptedException, DemoFailedException {
        Event holds = await(
                log.size(),
                "a holder to be stopped",
                // Of a long job, so that there is time to do it; and no leader, so that one thing happens at a time.
                event -> event.kind() == Kind.HOLDS
                        && JobTable.isLong(event.job())
                        && !event.process().equals(leader()));
        int from = log.size();
        WorkerProcess worker = stage.worker(holds.process());
        try (WorkerProcess.Pause pause = worker.pause()) {
            if (database.hasStatementOf(worker.name()) || !database.isOpen(holds.job())) {
                log.note(worker.name(), "is writing already, and may go on");
                return false;
            }
            Event stopped = log.add(worker.name(), Kind.STOPPED, holds.job(), holds.token());
            await(
                    from,
                    "another holder of the lock of job " + holds.job(),
                    event -> event.kind() == Kind.HOLDS && event.job() == holds.job() && event.token() > holds.token());
            long rest = stopped.millis() + PAUSE.toMillis() - log.millis();
            if (worker.awaitEnd(Duration.ofMillis(Math.max(0, rest)))) {
                throw new DemoFailedException(pause.worker() + " ended while it was stopped");
            }
            log.add(worker.name(), Kind.RESUMED, holds.job(), holds.token());
        }
        Event outcome = await(
                from,
                "the outcome of the late write of job " + holds.job(),
                event -> event.token() == holds.token()
                        && (event.kind() == Kind.REFUSED || event.kind() == Kind.WRITES));
        if (outcome.kind() == Kind.WRITES) {
            throw new DemoFailedException("the late write of job " + holds.job() + " was accepted");
        }
        return true;
    }

    private int refused() {
        return (int)
                log.all().stream().filter(event -> event.kind() == Kind.REFUSED).count();
    }

    private String leader() {
        return log.all().stream()
                .filter(event -> event.kind() == Kind.LEADS)
                .reduce((earlier, later) -> later)
                .map(Event::process)
                .orElse("");
    }

    private void awaitAllDone() throws SQLException, InterruptedException, DemoFailedException {
        while (database.done() < Planner.JOBS) {
            if (left().isNegative()) {
                throw new DemoFailedException("waited in vain for all jobs to be done");
            }
            // A worker that is killed after a write does not report it: so ask the table, at each event or soon.
            log.await(log.size(), event -> event.kind() == Kind.WRITES, LOOK_AGAIN);
        }
    }

    private Event await(int from, String what, Predicate<Event> wanted)
            throws InterruptedException, DemoFailedException {
        return log.await(from, wanted, left()).orElseThrow(() -> new DemoFailedException("waited in vain for " + what));
    }

    private Duration left() {
        return Duration.ofNanos(deadline - System.nanoTime());
    }
}
