/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One member of an {@link EtcdProcess}: an etcd process on loopback that keeps its endpoint and its data through kills
 * and restarts. This class is threadsafe; calls for one member are carried out one after another.
 */
public final class EtcdMember {
    static final Duration ANSWER_TIME = Duration.ofSeconds(20);
    /** The data's folder below the member's own, as the process is told. */
    static final String DATA = "data";

    private static final long PROBE_PAUSE_MILLIS = 5;
    private static final int LINES_IN_ERRORS = 15;

    private final int index;
    private final String endpoint;
    private final ClusterAccess access;
    private final Path folder;
    private final Supplier<List<String>> command;
    private final BooleanSupplier majorityRuns;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable Process process;

    @GuardedBy("lock")
    private boolean paused;

    @GuardedBy("lock")
    private boolean closed;

    EtcdMember(
            int index,
            ClusterAccess access,
            String endpoint,
            Path folder,
            Supplier<List<String>> command,
            BooleanSupplier majorityRuns) {
        this.index = index;
        this.endpoint = endpoint;
        this.access = access;
        this.folder = folder;
        this.command = command;
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

    /** The process, also one that has gone. */
    Process process() {
        lock.lock();
        try {
            return Objects.requireNonNull(process, "not launched");
        } finally {
            lock.unlock();
        }
    }

    /** Whether the process exists; a paused one does. */
    public boolean isAlive() {
        lock.lock();
        try {
            return process != null && process.isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the process exists and has been paused. */
    public boolean isPaused() {
        lock.lock();
        try {
            return paused && isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** Kills the process (SIGKILL) and waits until it has gone. Its data stays. No effect on one that has gone. */
    public void kill() {
        lock.lock();
        try {
            if (process != null && !GuardedProcess.end(process)) {
                throw new EtcdProcessException("member " + index + " does not go away");
            }
            paused = false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stops the process (SIGSTOP): it keeps its connections and says nothing.
     *
     * @throws IllegalStateException if it is not running
     */
    public void pause() {
        signal("STOP", true);
    }

    /**
     * Lets a paused process go on (SIGCONT). No effect on one that runs.
     *
     * @throws IllegalStateException if it is not running
     */
    public void resume() {
        signal("CONT", false);
    }

    private void signal(String signal, boolean pausedAfter) {
        lock.lock();
        try {
            if (process == null || !process.isAlive()) {
                throw new IllegalStateException("member " + index + " is not running");
            }
            GuardedProcess.signal(process, signal);
            paused = pausedAfter;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts the process again with its old data and endpoint, after killing it if it is running. Returns when the
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

    /** The last lines that the process has logged, at most as many as asked for, oldest first. */
    public List<String> log(int lines) {
        try {
            // A process that was killed may leave half a character behind: never fail on the log.
            List<String> all = new String(Files.readAllBytes(folder.resolve("log")), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return all.subList(Math.max(0, all.size() - lines), all.size());
        } catch (IOException e) {
            return List.of();
        }
    }

    void launch() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the cluster has been closed");
            }
            Redirect log = Redirect.appendTo(folder.resolve("log").toFile());
            process = GuardedProcess.start(folder, command.get(), Map.of(), log, log);
            paused = false;
        } catch (IOException e) {
            throw new EtcdProcessException("cannot start member " + index, e);
        } finally {
            lock.unlock();
        }
    }

    /** Kills the process and forgets its data. */
    void erase() {
        lock.lock();
        try {
            kill();
            ScratchFolder.remove(folder.resolve(DATA));
        } finally {
            lock.unlock();
        }
    }

    Path data() {
        return folder.resolve(DATA);
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
            if (hasGoneAfterPause()) {
                throw new EtcdProcessException("member " + index + " ended by itself" + lastWords());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new EtcdProcessException(
                        "member " + index + " did not answer within " + ANSWER_TIME.toSeconds() + " s" + lastWords());
            }
        }
    }

    private boolean hasGoneAfterPause() {
        try {
            return process().waitFor(PROBE_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while member " + index + " was starting", e);
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
