/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A worker's operating-system process, as the conductor handles it. Thread-safe. */
final class WorkerProcess {
    private static final List<String> QUICK_START =
            List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto");
    private static final Path PROC = Path.of("/proc");

    /* The shell's own kill: slim systems have no other one. A Ctrl-C reaches the shell too. */
    private static final String STOP_UNTIL_END_OF_INPUT = """
            trap '' INT HUP TERM
            kill -STOP "$1" || exit 1
            while read -r ignored; do :; done
            kill -CONT "$1" 2>/dev/null
            """;

    private final String name;
    private final EventLog log;
    private final Process process;
    private final Thread reader;

    private WorkerProcess(String name, EventLog log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        this.reader = new Thread(this::read, "output of " + name);
        reader.setDaemon(true);
    }

    /** Starts a worker that logs into a file of the folder. */
    static WorkerProcess start(Worker.Setup setup, EventLog log, Path folder) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(QUICK_START);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Worker.class.getName());
        command.addAll(setup.toArguments());
        Process process = new ProcessBuilder(command)
                .redirectError(folder.resolve(setup.name() + ".log").toFile())
                .start();
        log.add(setup.name(), Event.Kind.STARTS, 0, 0);
        WorkerProcess worker = new WorkerProcess(setup.name(), log, process);
        worker.reader.start();
        return worker;
    }

    String name() {
        return name;
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.addLine(name, line);
            }
        } catch (IOException e) {
            log.note(name, "its output cannot be read: " + e);
        }
        log.add(name, Event.Kind.ENDS, 0, 0);
    }

    /** Kills it, as an operator or the kernel would (SIGKILL). */
    void kill() {
        // Not by the process itself, which would throw away what is still to be read of its output.
        process.toHandle().destroyForcibly();
    }

    /**
     * Stops it (SIGSTOP) until the pause is closed, or this JVM has ended, however it ended: a stopped process could not
     * see that by itself.
     */
    Pause pause() throws IOException, InterruptedException {
        Process holder = new ProcessBuilder("sh", "-c", STOP_UNTIL_END_OF_INPUT, "pause", Long.toString(process.pid()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Pause pause = new Pause(name, holder);
        while (holder.isAlive() && process.isAlive() && !isStopped()) {
            holder.waitFor(1, TimeUnit.MILLISECONDS);
        }
        if (!holder.isAlive() || !process.isAlive()) {
            pause.close();
            throw new IOException(name + " could not be stopped");
        }
        return pause;
    }

    /**
     * What keeps a worker stopped.
     *
     * @param worker the worker's name
     * @param holder lets it go on when its own input ends
     */
    record Pause(String worker, Process holder) implements AutoCloseable {
        /** Lets it go on (SIGCONT). */
        @Override
        public void close() throws IOException {
            holder.getOutputStream().close();
        }
    }

    /** Whether the operating system says that it is stopped. */
    private boolean isStopped() throws IOException, InterruptedException {
        Path stat = PROC.resolve(process.pid() + "/stat");
        if (Files.exists(PROC.resolve("self"))) {
            String fields = Files.readString(stat);
            return fields.substring(fields.lastIndexOf(')')).startsWith(") T");
        }
        Process ps = new ProcessBuilder("ps", "-o", "state=", "-p", Long.toString(process.pid())).start();
        String state = new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return ps.waitFor() == 0 && state.strip().startsWith("T");
    }

    /** Asks it to end, by ending its input. */
    void askToEnd() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It cannot read any more: it has ended.
        }
    }

    /** Waits for its end; false if it still runs. */
    boolean awaitEnd(Duration timeout) throws InterruptedException {
        return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }
}
