/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import org.jspecify.annotations.Nullable;

/**
 * What a recipe throws when etcd or the session does not let it do its work. Losing a race is no error but a return
 * value. Its message says what happened, to which key, and what to do.
 */
public class RecipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The recipe's name. */
    private final String recipe;

    /** The name or key it was working on; empty if none. */
    private final String key;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name, such as {@code Mutex}
     * @param key the name or key it was working on; empty if none
     * @param message what happened and what to do
     * @param cause what it was caused by, or null
     */
    public RecipeException(String recipe, String key, String message, @Nullable Throwable cause) {
        super(recipe + (key.isEmpty() ? "" : " '" + key + "'") + ": " + message, cause);
        this.recipe = recipe;
        this.key = key;
    }

    /**
     * The recipe that failed.
     *
     * @return its name, such as {@code Mutex}
     */
    public final String recipe() {
        return recipe;
    }

    /**
     * What it was working on.
     *
     * @return the name or key; empty if none
     */
    public final String key() {
        return key;
    }
}
