/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import org.jspecify.annotations.Nullable;

/** Two servers did not go through a sequence alike. */
final class SequenceFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What is wrong; to shorten a sequence is to find a shorter one with which the same is. */
    enum Kind {
        CANNOT_BEGIN("cannot begin on what the ones before have left"),
        ANSWERED_OTHERWISE("is answered otherwise"),
        SERVER_ENDED("ends the server"),
        NOT_CLEARED("leaves what cannot be cleared");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    private final Kind kind;

    SequenceFailure(Kind kind, @Nullable String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }
}
