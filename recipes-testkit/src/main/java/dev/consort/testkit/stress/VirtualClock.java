/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;

/**
 * The time of one process in a {@link VirtualArena}, by which the code under test must measure, schedule, wait and choose
 * at random, so that a schedule takes no time and happens again in the same way. To be used on the arena's threads only.
 */
public interface VirtualClock {
    /** The monotonic clock, as {@link System#nanoTime()}. */
    long nanoTime();

    /**
     * Runs a task later.
     *
     * @param delay zero or more
     * @return calls it off
     */
    Runnable schedule(Duration delay, Runnable task);

    /** Waits for a future up to a timeout, as {@link CompletableFuture#get(long, java.util.concurrent.TimeUnit)} does. */
    <T> T await(CompletableFuture<T> future, Duration timeout) throws ExecutionException, TimeoutException;

    /** Any number from 0 to below the bound. */
    long random(long bound);

    /** Runs tasks soon, one at a time, in any order. */
    Executor executor();
}
