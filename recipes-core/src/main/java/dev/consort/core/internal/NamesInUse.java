/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The names that this connection waits at, each with its recipe. Two recipes of one name, or names that nest, would find
 * each other's keys among their own.
 *
 * <p>Thread-safe.
 */
final class NamesInUse {
    private final ReentrantLock lock = new ReentrantLock();
    private final NavigableMap<String, Use> uses = new TreeMap<>(); // guarded by lock, like the counts

    private static final class Use {
        final String recipe;
        int count;

        Use(String recipe) {
            this.recipe = recipe;
        }
    }

    /**
     * Takes a name into use.
     *
     * @throws IllegalArgumentException if it clashes with another one
     */
    void enter(String recipe, String name) {
        lock.lock();
        try {
            Use use = uses.get(name);
            if (use == null) {
                String other = nestingWith(name);
                if (other != null) {
                    throw new IllegalArgumentException(recipe + " name '" + name + "' nests with '" + other
                            + "', which this process uses too: one would find the keys of the other; rename one");
                }
                use = new Use(recipe);
                uses.put(name, use);
            } else if (!use.recipe.equals(recipe)) {
                throw new IllegalArgumentException(recipe + " name '" + name + "' is that of a " + use.recipe
                        + ", which this process uses too; rename one");
            }
            use.count++;
        } finally {
            lock.unlock();
        }
    }

    void leave(String recipe, String name) {
        lock.lock();
        try {
            Use use = uses.get(name);
            if (use != null && use.recipe.equals(recipe) && --use.count == 0) {
                uses.remove(name);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable String nestingWith(String name) {
        for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
            String outer = name.substring(0, slash);
            if (uses.containsKey(outer)) {
                return outer;
            }
        }
        String inner = uses.higherKey(name + "/");
        return inner != null && inner.startsWith(name + "/") ? inner : null;
    }
}
