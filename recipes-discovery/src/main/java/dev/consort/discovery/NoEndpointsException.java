/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import org.jspecify.annotations.Nullable;

/** There is no instance to call. */
public final class NoEndpointsException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param cause why there may be none, such as that etcd has not been reached yet; null if nothing is known to be wrong
     */
    public NoEndpointsException(@Nullable Throwable cause) {
        super("Balancer", "", "no endpoints available", cause);
    }
}
