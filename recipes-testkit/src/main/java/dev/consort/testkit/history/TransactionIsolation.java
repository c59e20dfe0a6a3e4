/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.TransactionCall.PrefixRead;
import dev.consort.testkit.history.TransactionCall.Read;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a history of transactions shows an anomaly that their isolation level rules out. Mod revisions tell the order of
 * a key's versions, deletions among them, so the dependencies of the transactions are known, real time included, and an
 * anomaly is a cycle of those that the level keeps. After Adya, "Weak consistency" (1999). For one thread.
 *
 * <p>What was there before the history must be in it as a transaction, too. A version that no transaction of the history wrote
 * is taken for one that was never committed, unless a transaction of unknown outcome may have written it.
 */
public final class TransactionIsolation {
    /** What is ruled out, from the strictest level to the weakest. At each of them a read is right as of its revision. */
    public enum Level {
        /** As {@link #SERIALIZABLE}; also to overwrite what was not read and is newer than what was. */
        SERIALIZABLE_SNAPSHOT,
        /** Every cycle (PL-3), and reads that were never true together, those of transactions that failed included. */
        SERIALIZABLE,
        /** Every cycle but those by a phantom, a key that was added to a prefix after it was read (PL-2.99). */
        REPEATABLE_READS,
        /** Cycles of writes and reads of what was written (PL-2); what was read may be overwritten. */
        READ_COMMITTED
    }

    private final Level level;
    private final List<Operation<TransactionCall>> all;
    private final List<Operation<TransactionCall>> applied;
    private final Map<String, TreeMap<Long, Written>> versions = new HashMap<>();
    private final DependencyGraph graph;
    private final List<String> wrong = new ArrayList<>();

    private record Written(int writer, boolean deleted) {}

    private TransactionIsolation(Level level, List<Operation<TransactionCall>> history) {
        this.level = level;
        this.all = history;
        this.applied = history.stream()
                .filter(one -> one.outcome() == Outcome.OK
                        || (one.outcome() == Outcome.UNKNOWN && one.what().revision() > 0))
                .toList();
        this.graph = new DependencyGraph(applied);
    }

    /**
     * Checks a history.
     *
     * @param level what its transactions were promised
     * @return empty if it shows nothing that the level rules out, else a text that shows it
     */
    public static Optional<String> violation(Level level, List<Operation<TransactionCall>> history) {
        TransactionIsolation check = new TransactionIsolation(level, List.copyOf(history));
        check.orderWrites();
        check.orderReads();
        check.orderByTime();
        if (level.compareTo(Level.SERIALIZABLE) <= 0) {
            check.findTornReads();
        }
        if (level == Level.SERIALIZABLE_SNAPSHOT) {
            check.findBlindOverwrites();
        }
        return check.wrong.isEmpty() ? check.graph.shortestCycle() : Optional.of(check.wrong.get(0));
    }

    private void orderWrites() {
        for (int i = 0; i < applied.size(); i++) {
            TransactionCall call = applied.get(i).what();
            for (String key : call.puts()) {
                write(key, call.revision(), new Written(i, false));
            }
            for (String key : call.deletes()) {
                write(key, call.revision(), new Written(i, true));
            }
        }
        versions.forEach((key, written) -> written.forEach((revision, version) -> {
            Map.Entry<Long, Written> next = written.higherEntry(revision);
            if (next != null) {
                graph.edge(
                        version.writer(),
                        next.getValue().writer(),
                        "ww " + key + "@" + revision + " -> " + key + "@" + next.getKey());
            }
        }));
    }

    private void write(String key, long revision, Written version) {
        Written other = versions(key).put(revision, version);
        if (other != null && other.writer() != version.writer()) {
            wrong.add("two wrote " + key + "@" + revision + ":\n  " + applied.get(other.writer()) + "\n  "
                    + applied.get(version.writer()));
        }
    }

    private NavigableMap<Long, Written> versions(String key) {
        return versions.computeIfAbsent(key, none -> new TreeMap<>());
    }

    private void orderReads() {
        for (int i = 0; i < applied.size(); i++) {
            TransactionCall call = applied.get(i).what();
            for (Read read : call.reads()) {
                order(i, read, false);
            }
            for (PrefixRead prefix : call.prefixes()) {
                for (Read read : keysOf(call, prefix)) {
                    order(i, read, read.version() == 0);
                }
            }
        }
    }

    /**
     * Every key of the history that a prefix takes in, as it was read: those that were not found, as absent. One that was read
     * by itself, perhaps earlier, is left out, since that read counts.
     */
    private List<Read> keysOf(TransactionCall call, PrefixRead prefix) {
        Set<String> byThemselves = call.reads().stream().map(Read::key).collect(Collectors.toSet());
        return Stream.concat(
                        prefix.found().keySet().stream(),
                        versions.keySet().stream().filter(key -> key.startsWith(prefix.prefix())))
                .distinct()
                .filter(key -> !byThemselves.contains(key))
                .map(key -> new Read(key, prefix.found().getOrDefault(key, 0L), prefix.asOf()))
                .toList();
    }

    private void order(int reader, Read read, boolean phantom) {
        TreeMap<Long, Written> written = versions.getOrDefault(read.key(), new TreeMap<>());
        Map.Entry<Long, Written> latest = written.floorEntry(read.asOf());
        if (read.version() > 0 && !written.containsKey(read.version())) {
            if (!mayBeUnknown(read.key())) {
                wrong.add("nobody committed " + read + ", which was read:\n  " + applied.get(reader));
            }
        } else if (latest != null && (latest.getValue().deleted() ? 0 : latest.getKey()) != read.version()) {
            wrong.add(read + " was read, when there was @" + latest.getKey()
                    + (latest.getValue().deleted() ? ", a deletion" : "") + ":\n  " + applied.get(reader) + "\n  "
                    + applied.get(latest.getValue().writer()));
        }
        long version = read.version() > 0
                ? read.version()
                : absence(read, applied.get(reader).what());
        Written writer = written.get(version);
        if (writer != null) {
            graph.edge(writer.writer(), reader, "wr " + read);
        }
        Map.Entry<Long, Written> next = written.higherEntry(version);
        boolean kept = level != Level.READ_COMMITTED && !(phantom && level == Level.REPEATABLE_READS);
        if (next != null && kept) {
            graph.edge(
                    reader,
                    next.getValue().writer(),
                    (phantom ? "phantom " : "rw ") + read + " -> " + read.key() + "@" + next.getKey());
        }
    }

    /**
     * The deletion that left a key absent when it was read. Nobody can tell it from one that is there when the transaction
     * commits, so that one counts, whatever came and went between.
     */
    private long absence(Read read, TransactionCall reader) {
        NavigableMap<Long, Written> written = versions(read.key());
        boolean writes = !reader.puts().isEmpty() || !reader.deletes().isEmpty();
        Map.Entry<Long, Written> atCommit = written.floorEntry(writes ? reader.revision() - 1 : reader.revision());
        if (atCommit != null
                && atCommit.getKey() > read.asOf()
                && atCommit.getValue().deleted()) {
            return atCommit.getKey();
        }
        Map.Entry<Long, Written> then = written.floorEntry(read.asOf());
        return then == null ? 0 : then.getKey();
    }

    /** Whether a transaction may have written a key of which nobody knows. */
    private boolean mayBeUnknown(String key) {
        return all.stream()
                .filter(one -> one.outcome() == Outcome.UNKNOWN && one.what().revision() == 0)
                .anyMatch(one -> one.what().puts().contains(key));
    }

    private void orderByTime() {
        for (int i = 0; i < applied.size(); i++) {
            for (int k = 0; k < applied.size(); k++) {
                if (applied.get(i).completed() < applied.get(k).invoked()) {
                    graph.edge(i, k, "it had returned before the next began");
                }
            }
        }
    }

    /** Reads that no one revision explains. */
    private void findTornReads() {
        for (Operation<TransactionCall> one : all) {
            List<Read> reads = Stream.concat(
                            one.what().reads().stream(),
                            one.what().prefixes().stream().flatMap(prefix -> keysOf(one.what(), prefix).stream()))
                    .toList();
            long from = reads.stream().mapToLong(this::trueFrom).max().orElse(0);
            long until = reads.stream().mapToLong(this::trueUntil).min().orElse(Long.MAX_VALUE);
            if (from >= until) {
                wrong.add("what was read was never true together:\n  " + one);
            }
        }
    }

    private long trueFrom(Read read) {
        Map.Entry<Long, Written> version = version(read);
        return version == null ? read.version() : version.getKey();
    }

    private long trueUntil(Read read) {
        Map.Entry<Long, Written> next =
                versions.getOrDefault(read.key(), new TreeMap<>()).higherEntry(trueFrom(read));
        return next == null ? Long.MAX_VALUE : next.getKey();
    }

    /** The version that was read, a deletion perhaps. */
    private Map.@Nullable Entry<Long, Written> version(Read read) {
        return versions.getOrDefault(read.key(), new TreeMap<>())
                .floorEntry(read.version() > 0 ? read.version() : read.asOf());
    }

    private void findBlindOverwrites() {
        for (Operation<TransactionCall> one : applied) {
            TransactionCall call = one.what();
            long snapshot = LongStream.concat(
                            call.reads().stream().mapToLong(Read::asOf),
                            call.prefixes().stream().mapToLong(PrefixRead::asOf))
                    .min()
                    .orElse(Long.MAX_VALUE);
            for (String key : unread(call)) {
                Map.Entry<Long, Written> before = versions(key).lowerEntry(call.revision());
                if (before != null
                        && before.getKey() > snapshot
                        && !before.getValue().deleted()) {
                    wrong.add(key + "@" + before.getKey()
                            + " is newer than what was read, and was overwritten unread:\n  " + one);
                }
            }
        }
    }

    private static Set<String> unread(TransactionCall call) {
        return Set.copyOf(Stream.concat(call.puts().stream(), call.deletes().stream())
                .filter(key ->
                        call.reads().stream().noneMatch(read -> read.key().equals(key)))
                .filter(key -> call.prefixes().stream().noneMatch(prefix -> key.startsWith(prefix.prefix())))
                .toList());
    }
}
