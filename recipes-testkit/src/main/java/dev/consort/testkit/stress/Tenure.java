/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Having been granted something once. Implementations are threadsafe. */
public interface Tenure {
    /** The fencing token as one number. */
    long token();

    /** What others read of the owner; empty for a recipe without values. */
    default String value() {
        return "";
    }

    /** Whether others may have it too who share it likewise. */
    default boolean isShared() {
        return false;
    }

    /** Whether its owner believes that it is held now; false for a recipe that cannot tell. */
    default boolean isHeld() {
        return false;
    }

    /** Completes with the reason if it is taken away. */
    CompletionStage<String> lost();

    /** Gives it back; true if it was held until then. Fails if that stays unknown. */
    CompletableFuture<Boolean> releaseAsync();

    /** Puts a key while it is held; false if it is not, and nothing was put. Fails if that stays unknown. */
    CompletableFuture<Boolean> writeAsync(String key, String value);

    /** Changes the value that others read, or is null for a recipe without values. */
    default @Nullable CompletableFuture<Boolean> proclaimAsync(String value) {
        return null;
    }
}
