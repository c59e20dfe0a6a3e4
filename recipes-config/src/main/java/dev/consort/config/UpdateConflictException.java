/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;

/** Other writers came between in each attempt to change a value. Nothing was written; try again later, or have fewer writers. */
public final class UpdateConflictException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** How often it was tried. */
    private final int attempts;

    UpdateConflictException(String recipe, String key, int attempts) {
        super(
                recipe,
                key,
                "other writers came between in each of " + attempts
                        + " attempts; nothing was written: try again later, or write this key from fewer places",
                null);
        this.attempts = attempts;
    }

    /**
     * How often it was tried.
     *
     * @return 1 or more
     */
    public int attempts() {
        return attempts;
    }
}
