/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What came of the attempts of one call so far. Confined to the attempt that goes on. */
final class Attempts {
    private final RetryCallback callback;
    private final List<Exception> errors = new ArrayList<>();
    private int count;

    Attempts(RetryCallback callback) {
        this.callback = callback;
    }

    /** Another one has failed; empty if there is to be one more. */
    Optional<RetryException> failed(Exception error) {
        count++;
        if (errors.size() == RetryException.MOST) {
            errors.remove(RetryException.MOST - 1); // attempts that fail at once may be a million a second
        }
        errors.add(error);
        RetryCallback.Decision decision;
        try {
            decision = callback.failed(count, error);
        } catch (RuntimeException e) {
            decision = RetryCallback.Decision.giveUp(e);
        }
        return decision.again()
                ? Optional.empty()
                : Optional.of(new RetryException(errors, decision.instead().orElse(error)));
    }
}
