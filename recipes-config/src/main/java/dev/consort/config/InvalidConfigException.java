/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;
import org.jspecify.annotations.Nullable;

/** What is in etcd is refused by a codec, a mapping or a check. Its cause is what that threw. */
public final class InvalidConfigException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param key the key whose value is refused, or the root if it is the whole
     * @param message what is wrong and what to do
     * @param cause what the user's code threw, or null
     */
    public InvalidConfigException(String key, String message, @Nullable Throwable cause) {
        super("ConfigView", key, message, cause);
    }
}
