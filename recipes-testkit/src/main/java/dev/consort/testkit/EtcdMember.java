/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * One member of an {@link EtcdProcess} or an {@link EtcdContainer}: an etcd, in a process or a container of its own, that
 * keeps its endpoint and its data through kills and restarts. This class is threadsafe; calls for one member are carried out one after another.
 */
public final class EtcdMember {
    static final Duration ANSWER_TIME = Duration.ofSeconds(20);

    private static final int LINES_IN_ERRORS = 15;

    private final int index;
    private final String endpoint;
    private final ClusterAccess access;
    private final MemberRunner runner;
    private final BooleanSupplier majorityRuns;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private boolean paused;

    @GuardedBy("lock")
    private boolean closed;

    EtcdMember(int index, ClusterAccess access, String endpoint, MemberRunner runner, BooleanSupplier majorityRuns) {
        this.index = index;
        this.endpoint = endpoint;
        this.access = access;
        this.runner = runner;
        this.majorityRuns = majorityRuns;
    }

    /** The position of this member in its cluster, from 0. */
    public int index() {
        return index;
    }

    /** The client URL, such as {@code http://127.0.0.1:23790}. */
    public String endpoint() {
        return endpoint;
    }

    /** Whether it runs; a paused one does. */
    public boolean isAlive() {
        lock.lock();
        try {
            return runner.isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it runs and has been paused. */
    public boolean isPaused() {
        lock.lock();
        try {
            return paused && isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** Kills it (SIGKILL) and waits until it has gone. Its data stays. No effect on one that has gone. */
    public void kill() {
        lock.lock();
        try {
            runner.kill();
            paused = false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops it (SIGSTOP, or the freezer of its container): it keeps its connections and says nothing.
     *
     * @throws IllegalStateException if it is not running
     */
    public void pause() {
        lock.lock();
        try {
            requireAlive();
            if (!paused) {
                runner.pause();
                paused = true;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets a paused one go on. No effect on one that has not been paused.
     *
     * @throws IllegalStateException if it is not running
     */
    public void resume() {
        lock.lock();
        try {
            requireAlive();
            if (paused) {
                runner.resume();
                paused = false;
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void requireAlive() {
        if (!runner.isAlive()) {
            throw new IllegalStateException("member " + index + " is not running");
        }
    }

    /**
     * Starts it again with its old data and endpoint, after killing it if it is running. Returns when the
     * member answers; at once if, with it, no majority of the members runs, since none can answer then.
     *
     * @throws EtcdProcessException if it ends, or does not answer within 20 s; the message has what it has logged last
     * @throws IllegalStateException if the cluster has been closed
     */
    public void restart() {
        kill();
        launch();
        if (majorityRuns.getAsBoolean()) {
            awaitAnswer();
        }
    }

    /** The last lines that it has logged, at most as many as asked for, oldest first. */
    public List<String> log(int lines) {
        List<String> all = runner.log();
        return all.subList(Math.max(0, all.size() - lines), all.size());
    }

    void launch() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the cluster has been closed");
            }
            runner.launch();
            paused = false;
        } finally {
            lock.unlock();
        }
    }

    /** Kills it and makes a change before it can be started again. */
    void whileKilled(Runnable change) {
        lock.lock();
        try {
            kill();
            change.run();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            kill();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the member answers a linearizable read. Only for one that was launched. */
    void awaitAnswer() {
        long deadline = System.nanoTime() + ANSWER_TIME.toNanos();
        while (!MemberProbe.answers(access, endpoint)) {
            if (runner.hasGoneAfterPause()) {
                throw new EtcdProcessException("member " + index + " ended by itself" + lastWords());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new EtcdProcessException(
                        "member " + index + " did not answer within " + ANSWER_TIME.toSeconds() + " s" + lastWords());
            }
        }
    }

    private String lastWords() {
        List<String> lines = log(Integer.MAX_VALUE);
        if (lines.isEmpty()) {
            return "; it logged nothing";
        }
        // A refused argument is named at the beginning, before the usage.
        return "; it logged:\n" + lines.get(0) + "\n" + String.join("\n", log(LINES_IN_ERRORS));
    }

    @Override
    public String toString() {
        return "EtcdMember[" + index + ", " + endpoint + "]";
    }
}
