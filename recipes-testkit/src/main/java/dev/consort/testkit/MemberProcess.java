/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A member that is a child process. */
final class MemberProcess implements MemberRunner {
    /** The data's folder below the member's own, as the process is told. */
    static final String DATA = "data";

    private static final long PAUSE_MILLIS = 5;

    private final Path folder;
    private final Supplier<List<String>> command;

    private volatile @Nullable Process process; // written by the member, under its lock

    MemberProcess(Path folder, Supplier<List<String>> command) {
        this.folder = folder;
        this.command = command;
    }

    /** The process, also one that has gone. */
    Process process() {
        return Objects.requireNonNull(process, "not launched");
    }

    @Override
    public void launch() {
        Redirect log = Redirect.appendTo(folder.resolve("log").toFile());
        try {
            process = GuardedProcess.start(folder, command.get(), Map.of(), log, log);
        } catch (IOException e) {
            throw new EtcdProcessException("cannot start etcd in " + folder, e);
        }
    }

    @Override
    public boolean isAlive() {
        Process launched = process;
        return launched != null && launched.isAlive();
    }

    @Override
    public boolean hasGoneAfterPause() {
        try {
            return process().waitFor(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while etcd was starting", e);
        }
    }

    @Override
    public void kill() {
        Process launched = process;
        if (launched != null && !GuardedProcess.end(launched)) {
            throw new EtcdProcessException("process " + launched.pid() + " does not go away");
        }
    }

    @Override
    public void pause() {
        GuardedProcess.signal(process(), "STOP");
    }

    @Override
    public void resume() {
        GuardedProcess.signal(process(), "CONT");
    }

    @Override
    public List<String> log() {
        try {
            // A process that was killed may leave half a character behind: never fail on the log.
            return new String(Files.readAllBytes(folder.resolve("log")), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    Path data() {
        return folder.resolve(DATA);
    }
}
