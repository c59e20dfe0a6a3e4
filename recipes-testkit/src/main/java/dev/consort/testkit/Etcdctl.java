/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs etcdctl against a cluster. Threadsafe. */
final class Etcdctl implements AutoCloseable {
    private final EtcdBinary binary;
    private final ClusterAccess access;
    private final List<String> endpoints;
    private final Path folder;
    private final Duration limit;
    private final AtomicInteger runs = new AtomicInteger();
    private final Queue<Process> started = new ConcurrentLinkedQueue<>();

    Etcdctl(EtcdBinary binary, ClusterAccess access, List<String> endpoints, Path folder, Duration limit) {
        this.binary = binary;
        this.access = access;
        this.endpoints = endpoints;
        this.folder = folder;
        this.limit = limit;
    }

    /* Output goes to files, so that one thread can wait with a limit and no full pipe can block the command. */
    String run(List<String> arguments) {
        return run("etcdctl", command(arguments), arguments);
    }

    /** Restores a backup, for which no server is asked: since etcd 3.6 a program of its own does that. */
    void restore(List<String> arguments) {
        Path program = binary.restorer();
        List<String> command = new ArrayList<>(List.of(program.toString(), "snapshot", "restore"));
        command.addAll(arguments);
        run(program.getFileName() + " snapshot restore", command, arguments);
    }

    private String run(String name, List<String> command, List<String> arguments) {
        int run = runs.incrementAndGet();
        Path output = folder.resolve("out-" + run);
        Path error = folder.resolve("err-" + run);
        Process process = launch(command, Redirect.to(output.toFile()), Redirect.to(error.toFile()));
        try {
            boolean ended = process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
            if (!ended || process.exitValue() != 0) {
                throw new EtcdProcessException(name + " " + String.join(" ", arguments)
                        + (ended
                                ? " ended with status " + process.exitValue()
                                : " took longer than " + limit.toMillis() + " ms")
                        + ": " + text(error).strip());
            }
            return text(output);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while " + name + " was running", e);
        } catch (IOException e) {
            throw new EtcdProcessException("cannot read the output of " + name, e);
        } finally {
            GuardedProcess.end(process);
            started.remove(process);
            var unused = output.toFile().delete() && error.toFile().delete();
        }
    }

    Process start(List<String> arguments) {
        started.removeIf(process -> !process.isAlive());
        return launch(command(arguments), Redirect.PIPE, Redirect.PIPE);
    }

    private List<String> command(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(binary.etcdctl().toString());
        if (arguments.stream().noneMatch(argument -> argument.startsWith("--endpoints"))) {
            command.add("--endpoints=" + String.join(",", endpoints));
        }
        command.addAll(arguments);
        return command;
    }

    private Process launch(List<String> command, Redirect output, Redirect error) {
        try {
            Process process = GuardedProcess.start(folder, command, access.environment(command), output, error);
            started.add(process);
            return process;
        } catch (IOException e) {
            throw new EtcdProcessException("cannot start " + command.get(0), e);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        started.forEach(GuardedProcess::end);
    }
}
