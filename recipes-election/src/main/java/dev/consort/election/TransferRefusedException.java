/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.RecipeException;

/** A leadership cannot be transferred to the chosen participant. Its leader stays. {@link #key()} is the key in the way. */
public final class TransferRefusedException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param key the key in the way, or the one that is missing
     * @param message what happened and what to do
     */
    TransferRefusedException(String key, String message) {
        super(EtcdLeaderElection.RECIPE, key, message, null);
    }
}
