/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What a recipe wants to hold.
 *
 * @param recipe its name in messages, such as {@code Mutex}
 * @param name what is locked, already checked by {@link Names}
 * @param value what the claim's key holds, asked for when it is put
 * @param term whether each grant needs a claim of its own with exactly this value: elections, whose term is the create
 *     revision
 * @param mode with whom it is shared
 * @param names all that are held together, in their order; empty where it is one, the name
 * @param permits how many of a semaphore's; 1 of anything else
 * @param priority those of a lower one step back while both wait; an exclusive one's only
 */
public record ClaimSpec(
        String recipe,
        String name,
        Supplier<ByteString> value,
        boolean term,
        Mode mode,
        List<String> names,
        int permits,
        int priority) {
    /** The most names that can be held together. */
    public static final int MOST_TOGETHER = ClaimTxns.MAX_OPERATIONS / 2; // each is put, and its queue is read

    /** With whom a name is shared. */
    public enum Mode {
        /** With nobody. */
        EXCLUSIVE,
        /** With other readers. */
        READ,
        /** With nobody, in a queue with readers. */
        WRITE,
        /** With as many others as there are permits for. */
        PERMITS
    }

    /** An exclusive one. */
    public ClaimSpec(String recipe, String name, Supplier<ByteString> value, boolean term) {
        this(recipe, name, value, term, Mode.EXCLUSIVE);
    }

    /** One of one name. */
    public ClaimSpec(String recipe, String name, Supplier<ByteString> value, boolean term, Mode mode) {
        this(recipe, name, value, term, mode, List.of(), 1, 0);
    }

    /** So many permits of a semaphore. */
    public static ClaimSpec permits(String recipe, String name, Supplier<ByteString> value, int permits) {
        return new ClaimSpec(recipe, name, value, false, Mode.PERMITS, List.of(), permits, 0);
    }

    /** Several names together, each held as an exclusive one; at most {@value #MOST_TOGETHER}. */
    public static ClaimSpec together(String recipe, Collection<String> names, Supplier<ByteString> value) {
        List<String> sorted = List.copyOf(new TreeSet<>(names));
        return new ClaimSpec(recipe, String.join(", ", sorted), value, false, Mode.EXCLUSIVE, sorted, 1, 0);
    }

    /** The same with a priority, 0 or more. */
    public ClaimSpec withPriority(int newPriority) {
        return new ClaimSpec(recipe, name, value, term, mode, names, permits, newPriority);
    }

    RecipeException failure(String message) {
        return new RecipeException(recipe, name, message, null);
    }
}
