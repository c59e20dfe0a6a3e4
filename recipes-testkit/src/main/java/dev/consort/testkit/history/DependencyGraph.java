/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which of some transactions must come before which others, and why. For one thread. */
final class DependencyGraph {
    private final List<?> transactions;
    private final List<Map<Integer, String>> edges = new ArrayList<>(); // for each one those after it, and why

    DependencyGraph(List<?> transactions) {
        this.transactions = transactions;
        transactions.forEach(transaction -> edges.add(new LinkedHashMap<>()));
    }

    /** One before another; the first reason counts. */
    void edge(int from, int to, String why) {
        if (from != to) {
            edges.get(from).putIfAbsent(to, why);
        }
    }

    /** A text with a shortest cycle; empty if there is none. */
    Optional<String> shortestCycle() {
        List<Integer> shortest = List.of();
        Set<Integer> left = left();
        for (int start : left) {
            List<Integer> cycle = cycleOf(start, left, shortest.isEmpty() ? left.size() + 1 : shortest.size());
            if (cycle != null) {
                shortest = cycle;
            }
        }
        return shortest.isEmpty() ? Optional.empty() : Optional.of(text(shortest));
    }

    /** Those that are left when what nothing points to is taken away, again and again: all that is in a cycle is. */
    private Set<Integer> left() {
        int[] incoming = new int[edges.size()];
        edges.forEach(after -> after.keySet().forEach(to -> incoming[to]++));
        Deque<Integer> free = new ArrayDeque<>();
        Set<Integer> left = new HashSet<>();
        for (int i = 0; i < incoming.length; i++) {
            left.add(i);
            if (incoming[i] == 0) {
                free.add(i);
            }
        }
        while (!free.isEmpty()) {
            int next = free.remove();
            left.remove(next);
            for (int to : edges.get(next).keySet()) {
                if (--incoming[to] == 0) {
                    free.add(to);
                }
            }
        }
        return left;
    }

    /** The shortest cycle from a transaction, by breadth; null if there is none with less than so many. */
    private @Nullable List<Integer> cycleOf(int start, Set<Integer> left, int most) {
        Map<Integer, Integer> cameFrom = new HashMap<>();
        Map<Integer, Integer> depth = new HashMap<>(Map.of(start, 1));
        Deque<Integer> queue = new ArrayDeque<>(List.of(start));
        while (!queue.isEmpty() && depth.getOrDefault(queue.element(), 0) < most) {
            int at = queue.remove();
            for (int to : edges.get(at).keySet()) {
                if (to == start) {
                    List<Integer> cycle = new ArrayList<>(List.of(at));
                    while (cycle.get(0) != start) {
                        cycle.add(0, cameFrom.get(cycle.get(0)));
                    }
                    return cycle;
                }
                if (left.contains(to) && cameFrom.putIfAbsent(to, at) == null) {
                    depth.put(to, depth.getOrDefault(at, 0) + 1);
                    queue.add(to);
                }
            }
        }
        return null;
    }

    private String text(List<Integer> cycle) {
        StringBuilder text = new StringBuilder("no order of the transactions explains what they read:");
        for (int i = 0; i < cycle.size(); i++) {
            int next = cycle.get((i + 1) % cycle.size());
            text.append("\n  ").append(transactions.get(cycle.get(i)));
            text.append("\n    before the next: ")
                    .append(edges.get(cycle.get(i)).get(next));
        }
        return text.append("\n  which is the first one again").toString();
    }
}
