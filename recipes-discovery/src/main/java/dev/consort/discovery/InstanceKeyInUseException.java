/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;

/** Somebody else has registered an instance under this key. */
public final class InstanceKeyInUseException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** Whose it is. */
    private final long leaseId;

    /**
     * Creates an exception.
     *
     * @param key that is in use
     * @param message what happened and what to do
     * @param leaseId to which the key is bound; 0 if it is bound to none, or to this process's
     */
    InstanceKeyInUseException(String key, String message, long leaseId) {
        super(EtcdRegistrar.RECIPE, key, message, null);
        this.leaseId = leaseId;
    }

    /**
     * The lease that the key is bound to.
     *
     * @return 0 if it is bound to none, or if it is a registration of this process
     */
    public long leaseId() {
        return leaseId;
    }
}
