/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.consort.testkit.EtcdTest.Leftover;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One test, or a class of tests: the client that it is given, and what there was before it. JUnit closes it after all
 * that other extensions and the test itself close, and adds what that throws to the failure of the test. Threadsafe.
 */
@SuppressWarnings("deprecation") // JUnit before 5.13 closes no other closeables
final class EtcdScope implements ExtensionContext.Store.CloseableResource, AutoCloseable {
    /** What a scope looks at. */
    record Checks(
            boolean contents, boolean threads, Set<Leftover> allowed, List<String> sharedThreads, Duration patience) {
        Checks none() {
            return new Checks(false, false, allowed, sharedThreads, patience);
        }
    }

    private final String name;
    private final @Nullable EtcdScope outer;
    private final ServerOfClass server;
    private final Checks checks;
    private final Set<Thread> threadsBefore = ConcurrentHashMap.newKeySet();
    private final @Nullable Leftovers leftovers;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable InjectedClient client;

    /**
     * A scope that begins now.
     *
     * @param name what to call it in a message
     * @param outer that of the class if this is one of a test; it owns the server
     * @param threads those that were before the server
     */
    EtcdScope(String name, @Nullable EtcdScope outer, ServerOfClass server, Checks checks, Set<Thread> threads) {
        this.name = name;
        this.outer = outer;
        this.server = server;
        this.checks = checks;
        this.threadsBefore.addAll(threads);
        this.leftovers = checks.contents() ? new Leftovers(server, checks.allowed(), checks.patience()) : null;
    }

    ServerOfClass server() {
        return server;
    }

    Checks checks() {
        return checks;
    }

    InjectedClient client() {
        lock.lock();
        try {
            if (client == null) {
                client = server.connect();
            }
            return client;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted(); // by the test, which is no reason not to look
        try {
            end();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void end() {
        Map<Leftover, String> found = new EnumMap<>(Leftover.class);
        RuntimeException blind = null;
        if (outer == null || checks.contents()) {
            server.endFaults();
        }
        try {
            if (leftovers != null) {
                found.putAll(leftovers.settle(outer == null ? null : outer.leftovers));
            }
        } catch (RuntimeException e) {
            blind = e;
        }
        try {
            disconnect();
        } finally {
            if (outer == null) {
                server.close();
            }
        }
        if (checks.threads() && !checks.allowed().contains(Leftover.THREADS)) {
            List<Thread> threads = Leftovers.threads(threadsBefore, checks.sharedThreads(), checks.patience());
            if (!threads.isEmpty()) {
                found.put(Leftover.THREADS, Leftovers.line(threads));
            }
            if (outer != null) {
                outer.threadsBefore.addAll(threads);
            }
        }
        if (blind != null) {
            throw new AssertionError(
                    "cannot see what " + name + " left behind in " + server
                            + ": it must answer at the end of the test, so start again what the test stops",
                    blind);
        }
        if (!found.isEmpty()) {
            throw new AssertionError(message(found));
        }
    }

    private void disconnect() {
        lock.lock();
        try {
            if (client != null) {
                server.disconnect(client);
                client = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private String message(Map<Leftover, String> found) {
        String lines = found.values().stream().map(line -> "\n  " + line).collect(Collectors.joining());
        String kinds = found.keySet().stream().map(kind -> "Leftover." + kind).collect(Collectors.joining(", "));
        return name + " left behind in " + server + ":" + lines + "\n  If that is meant: @EtcdTest(mayLeave = {" + kinds
                + "}).";
    }
}
