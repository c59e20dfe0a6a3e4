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

    /** Sends a signal, by its name without SIG, and returns when it has been sent. */
    void signal(String signal) throws IOException, InterruptedException {
        // The shell's own kill: slim systems have no other one.
        Process kill = new ProcessBuilder("sh", "-c", "kill -" + signal + " " + process.pid())
                .redirectErrorStream(true)
                .start();
        if (kill.waitFor() != 0) {
            throw new IOException("cannot send SIG" + signal + " to " + name + ", process " + process.pid());
        }
    }

    /** Whether the operating system says that it is stopped. */
    boolean isStopped() throws IOException, InterruptedException {
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

    /** Kills it if it still runs, stopped or not. */
    void kill() {
        process.destroyForcibly();
    }
}
