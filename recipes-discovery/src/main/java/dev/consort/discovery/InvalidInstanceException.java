/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;

/** What somebody wrote below a service's prefix is no instance; {@link #key()} says where. */
public final class InvalidInstanceException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param key whose value cannot be read
     * @param why what is wrong with it, without the value
     * @param cause what it was caused by
     */
    InvalidInstanceException(String key, String why, Throwable cause) {
        super(EtcdInstancer.RECIPE, key, "left out, since it cannot be read: " + why, cause);
    }
}
