/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import org.jspecify.annotations.Nullable;

/**
 * Client and server do not accept each other: etcd refused the user, the password or the token, or TLS came to nothing
 * for a certificate or an authority. Trying again as it is would fail alike.
 */
public final class AuthenticationException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name
     * @param key the name or key it was working on; empty if none
     * @param message what happened and what to do
     * @param cause what it was caused by, or null
     */
    public AuthenticationException(String recipe, String key, String message, @Nullable Throwable cause) {
        super(recipe, key, message, cause);
    }
}
