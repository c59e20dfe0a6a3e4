/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** What schedules wait for. */
final class Pending {
    private Pending() {}

    /** Waits until one of those that are not done yet is, or fails; for that time only, since it may take longer. */
    static void awaitAny(Stream<? extends CompletableFuture<?>> wanted, Duration atMost) {
        CompletableFuture<?>[] pending = wanted.filter(each -> !each.isDone()).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.anyOf(pending).get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // It may have been cancelled, too.
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
