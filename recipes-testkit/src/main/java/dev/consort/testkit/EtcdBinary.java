/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An etcd executable, and how it is found. */
record EtcdBinary(Path etcd) {
    static final String PROPERTY = "consort.etcd";
    static final String VARIABLE = "ETCD_BIN";
    /* tools/etcd may have packages to fetch. */
    private static final Duration OUTPUT_TIME = Duration.ofMinutes(5);
    private static final Pattern VERSION = Pattern.compile("etcd Version: (\\S+)");

    EtcdBinary {
        if (!Files.isExecutable(etcd) || Files.isDirectory(etcd)) {
            throw new EtcdProcessException("not an executable file: " + etcd);
        }
    }

    /** The binary of the system property, the environment, the project's {@code tools/etcd} or the PATH. */
    static EtcdBinary find() {
        return find(
                System.getProperty(PROPERTY),
                System.getenv(VARIABLE),
                Path.of("").toAbsolutePath(),
                System.getenv("PATH"));
    }

    static EtcdBinary find(
            @Nullable String property, @Nullable String variable, Path workingFolder, @Nullable String searchPath) {
        if (property != null && !property.isEmpty()) {
            return named(property, "the system property " + PROPERTY);
        }
        if (variable != null && !variable.isEmpty()) {
            return named(variable, "the environment variable " + VARIABLE);
        }
        for (Path folder = workingFolder; folder != null; folder = folder.getParent()) {
            Path tool = folder.resolve("tools").resolve("etcd");
            if (Files.isExecutable(tool) && !Files.isDirectory(tool)) {
                return new EtcdBinary(Path.of(output(List.of(tool.toString()), folder, Redirect.INHERIT)));
            }
        }
        for (String folder : (searchPath == null ? "" : searchPath).split(File.pathSeparator, -1)) {
            Path candidate = Path.of(folder, "etcd").toAbsolutePath();
            if (!folder.isEmpty() && Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return new EtcdBinary(candidate);
            }
        }
        throw new EtcdProcessException("no etcd found: set the system property " + PROPERTY
                + " or the environment variable " + VARIABLE + " to an etcd binary with etcdctl beside it, put both on"
                + " the PATH, or start below a folder that has tools/etcd (looked from " + workingFolder + " upwards)");
    }

    private static EtcdBinary named(String path, String source) {
        Path etcd = Path.of(path).toAbsolutePath();
        if (Files.isDirectory(etcd)) {
            etcd = etcd.resolve("etcd");
        }
        if (!Files.isExecutable(etcd)) {
            throw new EtcdProcessException(source + " names " + path + ", which is not an executable file");
        }
        return new EtcdBinary(etcd);
    }

    /** The etcdctl in the same folder. */
    Path etcdctl() {
        Path etcdctl = etcd.resolveSibling("etcdctl");
        if (!Files.isExecutable(etcdctl)) {
            throw new EtcdProcessException("no etcdctl beside " + etcd);
        }
        return etcdctl;
    }

    /** What restores a backup: {@code etcdutl} where it is in the same folder, else {@code etcdctl}. */
    Path restorer() {
        Path etcdutl = etcd.resolveSibling("etcdutl");
        return Files.isExecutable(etcdutl) ? etcdutl : etcdctl();
    }

    /** The version, such as {@code 3.5.30}. */
    String version() {
        String said = output(List.of(etcd.toString(), "--version"), etcd.getRoot(), Redirect.DISCARD);
        Matcher matcher = VERSION.matcher(said);
        if (!matcher.find()) {
            throw new EtcdProcessException(etcd + " --version says no version: " + said);
        }
        return matcher.group(1);
    }

    /** Whether this version knows the flag. */
    boolean knows(String flag) {
        return output(List.of(etcd.toString(), "--help"), etcd.getRoot(), Redirect.DISCARD)
                .contains(flag + " ");
    }

    /** Reads the output to its end, which comes with that of the process, within a time. */
    private static String readAll(Process process) {
        CompletableFuture<String> said = new CompletableFuture<>();
        Daemons.callbacks().execute(() -> {
            try {
                byte[] bytes = process.getInputStream().readAllBytes();
                said.complete(new String(bytes, Charset.defaultCharset()).strip());
            } catch (IOException e) {
                said.completeExceptionally(e);
            }
        });
        try {
            return said.get(OUTPUT_TIME.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while looking for etcd", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new EtcdProcessException(
                    "no answer from " + process.info().commandLine().orElse("a program"), e);
        }
    }

    private static String output(List<String> command, Path folder, Redirect error) {
        try {
            Process process = GuardedProcess.start(folder, command, Map.of(), Redirect.PIPE, error);
            try {
                String said = readAll(process);
                if (!GuardedProcess.awaitExit(process) || process.exitValue() != 0) {
                    throw new EtcdProcessException(String.join(" ", command) + " failed: " + said);
                }
                return said;
            } finally {
                GuardedProcess.end(process);
            }
        } catch (IOException e) {
            throw new EtcdProcessException("cannot run " + String.join(" ", command), e);
        }
    }
}
