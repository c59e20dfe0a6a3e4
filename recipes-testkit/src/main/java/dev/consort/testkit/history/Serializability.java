/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.Committed.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides whether transactions were serializable: whether there is an order of them in which each reads what the one before
 * it left. The server's mod revisions tell the order of a key's versions, so it is so if the graph of their dependencies has
 * no cycle. After Adya, "Weak consistency" (1999). It does not look at real time. For one thread.
 */
public final class Serializability {
    private final Map<String, TreeMap<Long, Integer>> writers = new HashMap<>();
    private final DependencyGraph graph;
    private final List<String> clashes = new ArrayList<>();

    private Serializability(List<Committed> transactions) {
        this.graph = new DependencyGraph(transactions);
        for (int i = 0; i < transactions.size(); i++) {
            for (Version version : transactions.get(i).writes()) {
                Integer other = writers.computeIfAbsent(version.key(), key -> new TreeMap<>())
                        .put(version.revision(), i);
                if (other != null && other != i) {
                    clashes.add(
                            "two wrote " + version + ":\n  " + transactions.get(other) + "\n  " + transactions.get(i));
                }
            }
        }
        writers.forEach((key, versions) -> versions.forEach((revision, writer) -> {
            Map.Entry<Long, Integer> next = versions.higherEntry(revision);
            if (next != null) {
                graph.edge(writer, next.getValue(), "ww " + key + "@" + revision + " -> " + key + "@" + next.getKey());
            }
        }));
        for (int i = 0; i < transactions.size(); i++) {
            for (Version read : transactions.get(i).reads()) {
                TreeMap<Long, Integer> versions = writers.getOrDefault(read.key(), new TreeMap<>());
                Integer writer = versions.get(read.revision());
                if (writer != null) {
                    graph.edge(writer, i, "wr " + read);
                }
                Map.Entry<Long, Integer> next = versions.higherEntry(read.revision());
                if (next != null) {
                    graph.edge(i, next.getValue(), "rw " + read + " -> " + read.key() + "@" + next.getKey());
                }
            }
        }
    }

    /**
     * Checks transactions.
     *
     * @return empty if they are serializable, else a text with a shortest cycle, or with two that wrote the same version
     */
    public static Optional<String> violation(List<Committed> transactions) {
        Serializability check = new Serializability(List.copyOf(transactions));
        return check.clashes.isEmpty() ? check.graph.shortestCycle() : Optional.of(check.clashes.get(0));
    }
}
