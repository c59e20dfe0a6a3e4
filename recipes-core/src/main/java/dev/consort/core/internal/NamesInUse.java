/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.internal.ClaimSpec.Mode;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The names that are used through a connection, each with its recipes. Two recipes of one name, or names that nest, would
 * find each other's keys among their own; unless their keys are alike, as those of a mutex and of an election are, which
 * share a queue, or the one is a part of the other.
 *
 * <p>Thread-safe.
 */
final class NamesInUse {
    /** Whose claims are alike, so that they share a queue. */
    private static final Set<String> OF_ONE_OWNER = Set.of("Mutex", "MultiMutex", "LeaderElection");

    /** What is below the name of a recipe that is but one key: nothing of its own, so that others may stand there. */
    static final String ONE_KEY = "one key";

    private final ReentrantLock lock = new ReentrantLock();
    private final NavigableMap<String, Use> uses = new TreeMap<>(); // guarded by lock, like what is in them
    private final Map<Use, Use> alike = new HashMap<>(); // likewise: many names may be used in the same way

    /**
     * A name in use.
     *
     * @param keys what is below it: recipes with the same can share it
     * @param parts the names below it that belong to it, each with its recipe
     * @param recipes that use it, each with how often
     */
    private record Use(String keys, Map<String, String> parts, Map<String, Integer> recipes) {
        /** Whether a name below it is a part of it, used so. */
        boolean has(String name, Use use) {
            if (keys.equals(ONE_KEY)) {
                return true;
            }
            String part = parts.get(name);
            return part != null
                    && use.parts.isEmpty()
                    && use.recipes.keySet().stream().allMatch(part::equals);
        }

        /** So many more uses by a recipe. Immutable maps of one entry are small, and there may be many names. */
        Use with(String recipe, int more) {
            Map<String, Integer> all = new HashMap<>(recipes);
            int count = all.getOrDefault(recipe, 0) + more;
            if (count > 0) {
                all.put(recipe, count);
            } else {
                all.remove(recipe);
            }
            return new Use(keys, parts, Map.copyOf(all));
        }

        /** One of them, for people. */
        String recipe() {
            return recipes.keySet().iterator().next();
        }
    }

    /** What the claims of a recipe are. */
    static String claims(String recipe, Mode mode) {
        return switch (mode) {
            case EXCLUSIVE -> OF_ONE_OWNER.contains(recipe) ? "claims of one owner" : recipe;
            case READ, WRITE -> recipe + ", claims of readers and writers";
            case PERMITS -> recipe + ", claims of permits";
        };
    }

    /**
     * Takes a name into use, for a recipe that shares it with no other.
     *
     * @throws IllegalArgumentException if it clashes with another one
     */
    void enter(String recipe, String name) {
        enter(recipe, name, recipe, Map.of());
    }

    /**
     * Takes a name into use.
     *
     * @throws IllegalArgumentException if it clashes with another one
     */
    void enter(String recipe, String name, String keys, Map<String, String> parts) {
        lock.lock();
        try {
            Use wanted = new Use(keys, parts, Map.of(recipe, 1));
            check(name, wanted);
            Use use = uses.get(name);
            uses.put(name, use == null ? shared(wanted) : use.with(recipe, 1));
        } finally {
            lock.unlock();
        }
    }

    /** There are as many as there are recipes. */
    private Use shared(Use first) {
        return first.parts.isEmpty() ? alike.computeIfAbsent(first, same -> same) : first;
    }

    void leave(String recipe, String name) {
        lock.lock();
        try {
            Use use = uses.get(name);
            if (use != null) {
                Use left = use.with(recipe, -1);
                if (left.recipes.isEmpty()) {
                    uses.remove(name);
                } else {
                    uses.put(name, left);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void check(String name, Use wanted) {
        for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
            String outer = name.substring(0, slash);
            Use use = uses.get(outer);
            if (use != null && !use.has(name, wanted)) {
                throw nesting(name, wanted, outer, use);
            }
        }
        Use same = uses.get(name);
        if (same != null && !same.keys.equals(wanted.keys)) {
            throw new IllegalArgumentException(wanted.recipe() + " name '" + name + "' is that of a " + same.recipe()
                    + ", which this process uses too; rename one");
        }
        if (same != null) {
            return; // what is below it was looked at when that came
        }
        for (Map.Entry<String, Use> inner : uses.tailMap(name + "/").entrySet()) {
            if (!inner.getKey().startsWith(name + "/")) {
                return;
            }
            if (!wanted.has(inner.getKey(), inner.getValue())) {
                throw nesting(name, wanted, inner.getKey(), inner.getValue());
            }
        }
    }

    private static IllegalArgumentException nesting(String name, Use wanted, String other, Use use) {
        return new IllegalArgumentException(wanted.recipe() + " name '" + name + "' nests with '" + other + "' of a "
                + use.recipe() + ", which this process uses too: one would find the keys of the other; rename one");
    }

    /** How many there are. */
    int count() {
        lock.lock();
        try {
            return uses.size();
        } finally {
            lock.unlock();
        }
    }
}
