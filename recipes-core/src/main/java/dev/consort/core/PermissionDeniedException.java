/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import org.jspecify.annotations.Nullable;

/** etcd's roles do not allow this user to do that to this key. */
public final class PermissionDeniedException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name
     * @param key the name or key it was working on; empty if none
     * @param message what happened and what to do
     * @param cause what it was caused by, or null
     */
    public PermissionDeniedException(String recipe, String key, String message, @Nullable Throwable cause) {
        super(recipe, key, message, cause);
    }
}
