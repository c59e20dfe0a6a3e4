/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import org.jspecify.annotations.Nullable;

/** A write may or may not have been applied, and nothing more can be found out: read the state before writing again. */
public final class OutcomeUnknownException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name
     * @param key the name or key it was working on; empty if none
     * @param message what happened and what to do
     * @param cause what it was caused by, or null
     */
    public OutcomeUnknownException(String recipe, String key, String message, @Nullable Throwable cause) {
        super(recipe, key, message, cause);
    }
}
