/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.ByteString;
import dev.consort.testkit.EtcdTest.Leftover;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is in a server before a test, or a class of them, and what has come to it by its end. Threadsafe. */
final class Leftovers {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(50);
    private static final int MOST_NAMED = 10;

    private final ServerOfClass server;
    private final Set<Leftover> allowed;
    private final Duration patience;
    private final Set<ByteString> keysBefore = ConcurrentHashMap.newKeySet();
    private final Set<Long> leasesBefore = ConcurrentHashMap.newKeySet();
    private final Queue<String> watchesBefore = new ConcurrentLinkedQueue<>();

    /**
     * What is there now.
     *
     * @param patience how long what is just going away may take
     */
    Leftovers(ServerOfClass server, Set<Leftover> allowed, Duration patience) {
        this.server = server;
        this.allowed = allowed;
        this.patience = patience;
        keysBefore.addAll(server.contents().keys().keySet());
        leasesBefore.addAll(server.contents().leases());
        watchesBefore.addAll(server.watches());
    }

    private record Found(Map<ByteString, Long> keys, Set<Long> leases, List<String> watches) {
        boolean isNothing() {
            return keys.isEmpty() && leases.isEmpty() && watches.isEmpty();
        }

        Found without(Set<Leftover> allowed) {
            return new Found(
                    allowed.contains(Leftover.KEYS) ? Map.of() : keys,
                    allowed.contains(Leftover.LEASES) ? Set.of() : leases,
                    allowed.contains(Leftover.WATCHES) ? List.of() : watches);
        }
    }

    private Found look() {
        Map<ByteString, Long> keys = new HashMap<>(server.contents().keys());
        keys.keySet().removeAll(keysBefore);
        Set<Long> leases = new LinkedHashSet<>(server.contents().leases());
        leases.removeAll(leasesBefore);
        List<String> watches = new ArrayList<>(server.watches());
        watchesBefore.forEach(watches::remove);
        return new Found(keys, leases, watches);
    }

    /**
     * What is left that may not be, by what it is; a line each. Waits for what is just going away. From a server of ours
     * keys and leases are removed, those that may be left too.
     *
     * @param outer who is not to report the same again
     */
    Map<Leftover, String> settle(@Nullable Leftovers outer) {
        Found left = settled(patience, () -> look().without(allowed), Found::isNothing);
        Found all = look();
        if (server.isOurs() && !all.isNothing()) {
            server.contents().remove(all.keys().keySet(), all.leases());
        }
        if (outer != null) {
            outer.keysBefore.addAll(left.keys().keySet());
            outer.leasesBefore.addAll(left.leases());
            outer.watchesBefore.addAll(left.watches());
        }
        return lines(left);
    }

    private Map<Leftover, String> lines(Found left) {
        String fate = server.isOurs() ? "removed now" : "still there";
        Map<Leftover, String> lines = new EnumMap<>(Leftover.class);
        if (!left.keys().isEmpty()) {
            List<String> names = left.keys().entrySet().stream()
                    .map(entry -> EtcdNames.key(entry.getKey())
                            + (entry.getValue() == 0 ? "" : " (lease " + EtcdNames.lease(entry.getValue()) + ")"))
                    .sorted()
                    .toList();
            lines.put(
                    Leftover.KEYS,
                    counted(names, "key") + " (" + fate + "): " + list(names)
                            + "\n    Release or delete what the test makes, or bind it to a lease that is revoked.");
        }
        if (!left.leases().isEmpty()) {
            List<String> names =
                    left.leases().stream().map(EtcdNames::lease).sorted().toList();
            lines.put(
                    Leftover.LEASES,
                    counted(names, "lease") + " (" + fate + "): " + list(names)
                            + "\n    Close the session that has it, or revoke it, and wait for the answer.");
        }
        if (!left.watches().isEmpty()) {
            List<String> names = left.watches().stream()
                    .filter(name -> !name.isEmpty())
                    .sorted()
                    .toList();
            lines.put(
                    Leftover.WATCHES,
                    counted(left.watches(), "watch") + (names.isEmpty() ? "" : ": " + list(names))
                            + "\n    Close the watcher, or whatever has it: a session, a view, a client of the test's own.");
        }
        return lines;
    }

    /** The threads that have come since and stay. Waits for what is just ending. */
    static List<Thread> threads(Set<Thread> before, List<String> shared, Duration patience) {
        return settled(patience, () -> LiveThreads.since(before, shared), List::isEmpty);
    }

    static String line(List<Thread> threads) {
        List<String> names = threads.stream().map(Thread::getName).toList();
        return counted(names, "thread") + ": " + list(names)
                + "\n    Shut the executor down and await its end, close the client, or join the thread."
                + " Name those that outlive tests on purpose in sharedThreads.";
    }

    private static <T> T settled(Duration patience, Supplier<T> look, Predicate<T> clean) {
        long deadline = System.nanoTime() + patience.toNanos();
        Duration pause = FIRST_PAUSE;
        T seen = look.get();
        while (!clean.test(seen) && System.nanoTime() - deadline < 0) {
            Bounded.pause(pause);
            pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
            seen = look.get();
        }
        return seen;
    }

    private static String counted(Collection<String> names, String what) {
        String plural = what.endsWith("ch") ? "es" : "s";
        return names.size() + " " + what + (names.size() == 1 ? "" : plural);
    }

    private static String list(List<String> names) {
        String shown = names.stream().limit(MOST_NAMED).collect(Collectors.joining(", "));
        return names.size() <= MOST_NAMED ? shown : shown + " and " + (names.size() - MOST_NAMED) + " more";
    }
}
