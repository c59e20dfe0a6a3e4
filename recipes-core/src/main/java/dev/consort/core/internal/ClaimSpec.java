/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
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
 */
public record ClaimSpec(String recipe, String name, Supplier<ByteString> value, boolean term, Mode mode) {
    /** With whom a name is shared. */
    public enum Mode {
        /** With nobody. */
        EXCLUSIVE,
        /** With other readers. */
        READ,
        /** With nobody, in a queue with readers. */
        WRITE
    }

    /** An exclusive one. */
    public ClaimSpec(String recipe, String name, Supplier<ByteString> value, boolean term) {
        this(recipe, name, value, term, Mode.EXCLUSIVE);
    }

    RecipeException failure(String message) {
        return new RecipeException(recipe, name, message, null);
    }
}
