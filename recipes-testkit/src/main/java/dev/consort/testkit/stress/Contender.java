/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.history.Ownership;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A session of the recipe under test, on a client of its own; what a recipe's module implements to be stressed. Its claims
 * are keys below {@code name + "/"}. Implementations are threadsafe.
 */
public interface Contender {
    /** The lease of the session. */
    long leaseId();

    /** Whether the session is neither lost nor closed. */
    boolean isAlive();

    /** The keys of its claims on a name, whether they are there or not. */
    default List<String> claims(String name) {
        return List.of(name + "/" + Long.toHexString(leaseId()));
    }

    /**
     * Waits for ownership without blocking.
     *
     * @param value what others may read of the owner; ignored by recipes without values
     */
    Queued acquireAsync(String name, String value);

    /** Takes what is free now. */
    Optional<? extends Tenure> tryAcquire(String name, String value) throws InterruptedException;

    /** Waits for ownership up to a timeout. */
    Optional<? extends Tenure> tryAcquire(String name, String value, Duration timeout) throws InterruptedException;

    /** Who owns it now; null if the recipe cannot tell by token and value. */
    default Ownership.@Nullable Seen seen(String name) {
        return null;
    }

    /**
     * A place in a queue.
     *
     * @param outcome what comes of it; not to be completed by others
     * @param cancel gives it up, if nothing has come of it yet
     */
    record Queued(CompletableFuture<? extends Tenure> outcome, Runnable cancel) {}

    /** Lets the session go without a word to the server. */
    void orphan();

    /** Ends the session. */
    void close();
}
