/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A pause between two attempts of a recipe outside this package. */
public final class Pause {
    private Pause() {}

    /** Completes after a duration on the timer thread, or exceptionally when the connection is closed, whose timers end then. */
    public static CompletableFuture<Boolean> of(EtcdConnection connection, Duration duration) {
        CompletableFuture<Boolean> over = connection.calls().answeredAtLatestByClose(new CompletableFuture<>());
        if (connection.isOpen()) {
            connection.timing().schedule(duration, () -> over.complete(true));
        } else {
            over.completeExceptionally(CallFailure.ended("its connection is closed"));
        }
        return over;
    }
}
