/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

/** Null where none is allowed, as callers without NullAway give it. */
public final class Missing {
    private Missing() {}

    /** Null. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    public static <T> T value() {
        return null;
    }
}
