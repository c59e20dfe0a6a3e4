/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.ForwardingGrant;
import dev.consort.core.internal.ReopeningSessionFactory;
import dev.consort.election.LeaderElection;
import dev.consort.election.LeaderLoop;
import dev.consort.election.Leadership;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of one process: a leader's loop whose task is the term of a job.
 *
 * <p>Thread-safe: what is counted is atomic, and each volatile field is set by one thread, as it says.
 */
final class EtcdClusteredJob implements ClusteredJob {
    private static final Logger log = LoggerFactory.getLogger(EtcdClusteredJob.class);

    private final JobKeys keys;
    private final Plan.Policy policy;
    private final Settings settings;
    private final Task task;
    private final Optional<Runnable> giveNameBack; // empty if the connection is known only when there is a session
    private final LeaderLoop loop;
    private final AtomicLong runs = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile boolean closing; // set by whoever closes it
    private volatile @Nullable EtcdRun running; // set by the loop's thread, like the next one
    private volatile @Nullable Failure lastFailure;

    /** What the user chose beside the policy. */
    record Settings(Optional<Duration> atMost, String owner, Duration closeTimeout) {}

    /** What a run threw, and what the loop had caught by then. */
    private record Failure(Throwable thrown, Optional<Throwable> ofLoop) {}

    EtcdClusteredJob(SessionFactory sessions, JobKeys keys, Plan.Policy policy, Settings settings, Task task) {
        this.keys = keys;
        this.policy = policy;
        this.settings = settings;
        this.task = task;
        this.giveNameBack = ReopeningSessionFactory.connectionOf(sessions).map(this::takeName);
        this.loop = LeaderElection.create(sessions, keys.leader())
                .value(settings.owner())
                .closeTimeout(settings.closeTimeout())
                .run(this::lead);
        loop.ended().whenComplete((done, failure) -> giveNameBack.ifPresent(Runnable::run));
    }

    private Runnable takeName(EtcdConnection connection) {
        return connection.takeName(JobKeys.RECIPE, keys.name(), keys.parts());
    }

    private void lead(Leadership leadership) throws InterruptedException {
        EtcdGrant grant = ((ForwardingGrant) leadership).grant();
        // Once for all runs of the term: a stage that may never complete keeps whatever waits for it.
        var unused = grant.lost().thenRun(() -> {
            EtcdRun now = running;
            if (now != null && now.isOf(grant)) {
                now.cancel();
            }
        });
        Runnable leave =
                giveNameBack.isPresent() ? () -> {} : takeName(grant.session().engine());
        try {
            new JobTerm(this, grant).run();
        } catch (SessionLostException e) {
            log.info("{}: goes on with another session: {}", this, e.getMessage());
        } finally {
            leave.run();
        }
    }

    // For its term

    JobKeys keys() {
        return keys;
    }

    Plan.Policy policy() {
        return policy;
    }

    String owner() {
        return settings.owner();
    }

    boolean isClosing() {
        return closing;
    }

    /** What the task threw; null if it returned normally. */
    @Nullable
    Throwable execute(EtcdRun run) {
        runs.incrementAndGet();
        running = run;
        cancelIfInVain(run);
        Throwable thrown = run.execute(task, settings.atMost());
        running = null;
        cancelIfInVain(run);
        boolean inVain = thrown instanceof InterruptedException && run.isCancelled();
        if (thrown != null && !inVain) {
            lastFailure = new Failure(thrown, loop.lastFailure());
            failures.incrementAndGet();
            log.error("{}: failed: {}", this, run, thrown);
        }
        return thrown;
    }

    /** Whoever closes the job, or is told of the loss, may come before the run is to be seen, or after it was interrupted. */
    private static void cancelIfInVain(EtcdRun run) {
        if (run.isCancelled()) {
            run.cancel();
        }
    }

    // ClusteredJob

    @Override
    public String name() {
        return keys.name();
    }

    @Override
    public State state() {
        if (running != null) {
            return State.RUNNING;
        }
        return switch (loop.state()) {
            case CONNECTING -> State.CONNECTING;
            case CAMPAIGNING -> State.STANDBY;
            case LEADING, STOPPING, PAUSING -> State.WAITING;
            case CLOSED -> State.CLOSED;
        };
    }

    @Override
    public long runs() {
        return runs.get();
    }

    @Override
    public long failures() {
        return failures.get();
    }

    @Override
    public Optional<Throwable> lastFailure() {
        Failure failure = lastFailure;
        Optional<Throwable> ofLoop = loop.lastFailure();
        return failure == null || !ofLoop.equals(failure.ofLoop) ? ofLoop : Optional.of(failure.thrown);
    }

    @Override
    public CompletionStage<Void> ended() {
        return loop.ended();
    }

    @Override
    public void close() {
        closing = true;
        EtcdRun now = running;
        if (now != null) {
            now.cancel();
        }
        loop.close();
        if (loop.state() == LeaderLoop.State.CLOSED) {
            giveNameBack.ifPresent(Runnable::run); // before this returns
        }
    }

    @Override
    public String toString() {
        return JobKeys.RECIPE + " '" + keys.name() + "'";
    }
}
