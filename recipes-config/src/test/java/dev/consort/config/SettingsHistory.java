/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.Commit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What stood below a root at each revision, made anew from everything that was written. */
final class SettingsHistory {
    private final TreeMap<Long, Map<String, Cell>> states = new TreeMap<>(Map.of(0L, Map.of()));
    private final TreeSet<Long> heads = new TreeSet<>();

    /** A value, and when it was written. */
    record Cell(String value, long revision) {}

    SettingsHistory(String root, List<Commit> log) {
        Map<String, Cell> now = new TreeMap<>();
        for (Commit commit : log) {
            boolean touched = false;
            for (Commit.Change change : commit.changes()) {
                String key = change.key().toString(UTF_8);
                if (key.equals("consort/config/" + root + "//head")) {
                    heads.add(commit.revision());
                }
                if (key.startsWith(root + "/")) {
                    touched = true;
                    String name = key.substring(root.length() + 1);
                    if (change.deleted()) {
                        now.remove(name);
                    } else {
                        now.put(name, new Cell(change.value().toString(UTF_8), commit.revision()));
                    }
                }
            }
            if (touched) {
                states.put(commit.revision(), Map.copyOf(now));
            }
        }
    }

    Map<String, Cell> at(long revision) {
        return Objects.requireNonNull(states.floorEntry(revision)).getValue();
    }

    /** When a name was written that is there; 0 if it is absent. */
    long written(String name, long revision) {
        Cell cell = at(revision).get(name);
        return cell == null ? 0 : cell.revision;
    }

    static Map<String, String> values(Map<String, Cell> state) {
        return state.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().value()));
    }

    /** At which anything below the root was written or deleted. */
    Set<Long> revisions() {
        return states.tailMap(0L, false).keySet();
    }

    /** At which a writer changed something. */
    Set<Long> heads() {
        return heads;
    }

    /** What a base must not overlook: what a writer did, and what is there that anybody wrote. Foreign deletions it may. */
    Set<Long> undeniablyBetween(long after, long before) {
        Set<Long> between = new TreeSet<>(heads.subSet(after, false, before, false));
        at(before - 1).values().stream()
                .map(Cell::revision)
                .filter(revision -> revision > after)
                .forEach(between::add);
        return between;
    }
}
