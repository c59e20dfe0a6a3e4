/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.RecipeException;

/**
 * Other writers came between in each attempt of a transaction. Nothing was written. Its {@link #key()} is one that they wrote
 * last, or is empty if that is not known. Try again later, give more attempts, or have fewer writers of that key.
 */
public final class TransactionConflictException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** How often it was tried. */
    private final int attempts;

    TransactionConflictException(String key, int attempts) {
        super(
                EtcdStm.RECIPE,
                key,
                "other writers came between in each of " + attempts
                        + " attempts; nothing was written: try again later, give more attempts, or write "
                        + (key.isEmpty() ? "these keys" : "this key") + " from fewer places",
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
