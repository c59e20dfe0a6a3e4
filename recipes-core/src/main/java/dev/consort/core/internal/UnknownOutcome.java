/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.RecipeException;

/** A transaction that may have been applied, or may be later, and of which nothing more can be found out. */
final class UnknownOutcome extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final CallFailure failure;

    UnknownOutcome(CallFailure failure) {
        super(failure.getMessage(), failure, false, false);
        this.failure = failure;
    }

    RecipeException toException(String recipe, String key) {
        return CallFailure.ended(String.valueOf(failure.getMessage())).toException(recipe, key);
    }
}
