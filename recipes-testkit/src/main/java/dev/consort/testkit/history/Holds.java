/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How many of something each owner holds; who holds none is not in it. Immutable maps, sorted to be read. */
final class Holds {
    static final SortedMap<String, Integer> NONE = Collections.emptySortedMap();

    private Holds() {}

    static int of(Map<String, Integer> holds, String owner) {
        return holds.getOrDefault(owner, 0);
    }

    static int total(Map<String, Integer> holds) {
        return holds.values().stream().mapToInt(Integer::intValue).sum();
    }

    static boolean onlyOf(Map<String, Integer> holds, String owner) {
        return total(holds) == of(holds, owner);
    }

    static SortedMap<String, Integer> with(Map<String, Integer> holds, String owner, int held) {
        SortedMap<String, Integer> changed = new TreeMap<>(holds);
        changed.put(owner, held);
        changed.values().remove(0);
        return Collections.unmodifiableSortedMap(changed);
    }
}
