/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.RecipeException;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.Await;
import dev.consort.core.internal.Backoff;
import dev.consort.core.internal.Interruption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of one candidate.
 *
 * <p>Concurrency: the loop's thread does all the work. Whoever closes sets {@link #closing} and then stops what is
 * {@link #running}; the thread announces what can be stopped and then looks at {@link #closing}: so one of them sees the
 * other.
 */
final class EtcdLeaderLoop implements LeaderLoop {
    private static final Logger log = LoggerFactory.getLogger(EtcdLeaderLoop.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final SessionFactory sessions;
    private final String name;
    private final Settings settings;
    private final Task task;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong terms = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    // Set by the thread:
    private volatile State state = State.CONNECTING;
    private volatile @Nullable LeaderTerm leading;
    private volatile @Nullable Runnable running;
    private volatile @Nullable Throwable lastFailure;
    private final Backoff backoff =
            new Backoff(FIRST_PAUSE, LONGEST_PAUSE); // confined to the thread, like the next one
    private boolean failing;

    /** What the user chose. */
    record Settings(String value, int priority, Duration pause, Duration closeTimeout) {}

    EtcdLeaderLoop(SessionFactory sessions, String name, Settings settings, Task task) {
        this.sessions = sessions;
        this.name = name;
        this.settings = settings;
        this.task = task;
        this.thread = new Thread(this::loop, "consort-leader-" + name);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void loop() {
        Throwable why = null;
        try {
            while (!isClosing()) {
                round();
            }
        } catch (RuntimeException | Error e) {
            why = e;
            log.error("{}: the loop has ended, and campaigns no more", this, e);
        } finally {
            state = State.CLOSED;
            if (why == null) {
                ended.complete(null);
            } else {
                ended.completeExceptionally(why);
            }
        }
    }

    private void round() {
        long start = System.nanoTime();
        state = State.CONNECTING;
        EtcdLeaderElection election = connect();
        EtcdLeadership leadership = election == null ? null : campaign(election);
        if (election != null && leadership != null) {
            failing = false;
            backoff.reset();
            lead(election, leadership);
        } else {
            state = State.CONNECTING;
            pause(backoff.after(Duration.ofNanos(System.nanoTime() - start)));
        }
    }

    /**
     * The election on the present session; null if there is none for now.
     *
     * @throws IllegalStateException if there will never be one
     * @throws IllegalArgumentException if the sessions do not take the name
     */
    private @Nullable EtcdLeaderElection connect() {
        try {
            return new EtcdLeaderElection(sessions.session(), name, settings.priority());
        } catch (IllegalStateException | IllegalArgumentException e) {
            if (isClosing()) {
                return null;
            }
            throw e;
        } catch (RuntimeException | Error e) {
            failed("has no session, and tries again", e);
            return null;
        }
    }

    /** Null if it was not elected, or is not to be any more. */
    private @Nullable EtcdLeadership campaign(EtcdLeaderElection election) {
        Interruption interruption = new Interruption();
        running = interruption::interrupt;
        if (isClosing()) {
            return null;
        }
        state = State.CAMPAIGNING;
        try {
            return (EtcdLeadership) interruption.during(() -> election.campaign(settings.value()));
        } catch (InterruptedException e) {
            return null;
        } catch (SessionLostException e) {
            log.info("{}: goes on with another session: {}", this, e.getMessage());
            return null;
        } catch (RuntimeException | Error e) {
            failed("cannot campaign, and tries again", e);
            return null;
        } finally {
            running = null;
        }
    }

    private void lead(EtcdLeaderElection election, EtcdLeadership leadership) {
        LeaderTerm term = new LeaderTerm(election.session(), leadership, task);
        leading = term;
        state = State.LEADING;
        running = term::stop;
        if (!isClosing() && leadership.isHeld()) {
            terms.incrementAndGet();
            run(term, leadership);
        }
        running = null;
        state = State.PAUSING;
        leading = null;
        resign(leadership);
        if (!term.isLost()) {
            pause(settings.pause());
        }
    }

    private void run(LeaderTerm term, EtcdLeadership leadership) {
        log.info("{}: leads, term {}", this, leadership.token().revision());
        try {
            term.run();
        } catch (Throwable e) { // an Error as well: another process may fare better
            if (!(e instanceof InterruptedException && term.isStopped())) {
                lastFailure = e;
                failures.incrementAndGet();
                log.error("{}: the task failed; it resigns, and campaigns again", this, e);
            }
        }
        log.info(
                "{}: leads no more, term {}{}",
                this,
                leadership.token().revision(),
                term.isLost() ? "; the leadership was lost" : "");
    }

    private void resign(EtcdLeadership leadership) {
        try {
            leadership.release();
        } catch (RecipeException e) {
            log.warn("{}: the resignation is not confirmed; it is sent until etcd answers", this, e);
        }
    }

    /** One warning when it begins to fail; {@link #lastFailure()} has the rest. */
    private void failed(String what, Throwable why) {
        lastFailure = why;
        if (failing) {
            log.debug("{}: {}", this, what, why);
        } else if (why instanceof RecipeException) {
            log.warn("{}: {}: {}", this, what, why.getMessage());
        } else {
            log.warn("{}: {}", this, what, why);
        }
        failing = true;
    }

    private void pause(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        while (true) {
            try {
                var unused = closing.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
                return;
            } catch (InterruptedException e) {
                // Of somebody to whom the task gave its thread, and who is late.
            }
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    @Override
    public State state() {
        LeaderTerm term = leading;
        State now = state;
        return now == State.LEADING && term != null && term.isStopped() ? State.STOPPING : now;
    }

    @Override
    public long terms() {
        return terms.get();
    }

    @Override
    public long failures() {
        return failures.get();
    }

    @Override
    public Optional<Throwable> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }

    @Override
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    @Override
    public void close() {
        closing.countDown();
        if (Thread.currentThread().equals(thread)) {
            return;
        }
        Runnable stop = running;
        if (stop != null) {
            stop.run();
        }
        Await.quietly(ended, settings.closeTimeout());
        if (!ended.isDone()) {
            log.warn("{}: closed, and goes on in the background: {} after {}", this, state(), settings.closeTimeout());
        }
    }

    @Override
    public String toString() {
        return "LeaderLoop '" + name + "'";
    }
}
