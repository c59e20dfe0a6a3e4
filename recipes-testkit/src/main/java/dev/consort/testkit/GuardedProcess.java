/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Child processes that cannot outlive this JVM, however it ends. The shell that is started leaves a watchdog behind and
 * then becomes the command itself, so that the {@link Process} is the command. Standard input of both is a pipe from
 * this JVM; the watchdog alone reads it, and at its end, which the operating system brings about even after a SIGKILL,
 * kills the command, stopped or not.
 */
final class GuardedProcess {
    /* setsid keeps a Ctrl-C in the terminal from the command, so that a JVM that handles it still has its etcd, and
    makes it a process group of its own, which dies with what it has started; without setsid only the command dies. */
    private static final String GUARD = """
            exec 3<&0 </dev/null
            ( trap '' INT HUP TERM QUIT
              while read -r ignored <&3; do :; done
              kill -s KILL -- "-$$" "$$" ) >/dev/null 2>&1 &
            exec 3<&-
            command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
            exec "$@"
            """;

    /* The folder disappears only after the processes that write to it are dying; they run in it, with relative paths,
    so that none of them can bring it back. */
    private static final String FOLDER = """
            trap '' INT HUP TERM QUIT
            folder=$(mktemp -d "$1/consort-etcd-XXXXXX") || exit 1
            echo "$folder"
            while read -r ignored; do :; done
            tries=0
            while ! rm -rf "$folder" 2>/dev/null && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
            """;

    private static final Duration EXIT_TIME = Duration.ofSeconds(5);

    private GuardedProcess() {}

    /**
     * Starts a command.
     *
     * @param folder its working directory
     * @param output where its standard output goes
     * @param error where its standard error goes
     * @throws IOException if no process can be started
     */
    static Process start(
            Path folder, List<String> command, Map<String, String> environment, Redirect output, Redirect error)
            throws IOException {
        List<String> guarded = new ArrayList<>(List.of("sh", "-c", GUARD, "consort-guard"));
        guarded.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(guarded)
                .directory(folder.toFile())
                .redirectOutput(output)
                .redirectError(error);
        dropSettings(builder.environment());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** What the developer's shell has set for a cluster of their own is none of ours. */
    static void dropSettings(Map<String, String> environment) {
        environment.keySet().removeIf(name -> name.startsWith("ETCD_") || name.startsWith("ETCDCTL_"));
    }

    /**
     * Starts a process that owns a new temporary folder, whose path it prints as its first line, and that removes it
     * when its standard input ends.
     */
    static Process startFolder(Path parent) throws IOException {
        return new ProcessBuilder("sh", "-c", FOLDER, "consort-folder", parent.toString())
                .redirectError(Redirect.DISCARD)
                .start();
    }

    /** Sends a signal, by its name without SIG, and returns when it has been sent. */
    static void signal(Process process, String signal) {
        try {
            Process kill = new ProcessBuilder(
                            "sh", "-c", "kill -s \"$1\" \"$2\"", "kill", signal, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .start();
            kill.getOutputStream().close();
            String said = new String(kill.getInputStream().readAllBytes(), Charset.defaultCharset()).strip();
            if (!awaitExit(kill) || kill.exitValue() != 0) {
                throw new EtcdProcessException(
                        "cannot send SIG" + signal + " to process " + process.pid() + ": " + said);
            }
        } catch (IOException e) {
            throw new EtcdProcessException("cannot send SIG" + signal + " to process " + process.pid(), e);
        }
    }

    /** Ends the process, and what it has started, as the end of this JVM would, and waits until it has gone. */
    static boolean end(Process process) {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // The pipe is closed either way, and a process that has gone cannot read it.
        }
        if (awaitExit(process)) {
            return true;
        }
        // Somebody must have killed the watchdog.
        process.destroyForcibly();
        return awaitExit(process);
    }

    /** Waits, through interrupts, which are kept for the caller; false if the process still runs after five seconds. */
    static boolean awaitExit(Process process) {
        return Bounded.uninterrupted(EXIT_TIME, left -> process.waitFor(left, TimeUnit.NANOSECONDS));
    }
}
