/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.Optional;

/** Decides after each failed attempt of a {@link Retry} whether there is another one. */
@FunctionalInterface
public interface RetryCallback {
    /**
     * Decides.
     *
     * @param attempt which one has failed; 1 is the first
     * @param error what the call, or the balancer, has thrown, as it is
     * @return what to do
     */
    Decision failed(int attempt, Exception error);

    /**
     * What to do after a failure.
     *
     * @param again whether to try again
     * @param instead what takes the place of the error in what the caller is told, if there is no other attempt
     */
    record Decision(boolean again, Optional<Exception> instead) {
        /**
         * Try again.
         *
         * @return at once
         */
        public static Decision tryAgain() {
            return new Decision(true, Optional.empty());
        }

        /**
         * Give up with the error as it is.
         *
         * @return no other attempt
         */
        public static Decision giveUp() {
            return new Decision(false, Optional.empty());
        }

        /**
         * Give up with another error, such as one that the caller knows.
         *
         * @param error in place of the attempt's, which stays among {@link RetryException#rawErrors()}
         * @return no other attempt
         */
        public static Decision giveUp(Exception error) {
            return new Decision(false, Optional.of(error));
        }
    }
}
