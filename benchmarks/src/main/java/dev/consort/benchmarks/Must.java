/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What has to succeed for a result to count. */
public final class Must {
    private static final long SECONDS = 60;

    private Must() {}

    /** The value of a future. */
    public static <T> T answer(Future<T> future) {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("no answer", e);
        }
    }

    /** The result of a call that may throw anything. */
    public static <T> T succeed(Callable<T> call) {
        try {
            return call.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (Exception e) { // what a callable may throw
            throw new IllegalStateException("failed", e);
        }
    }

    /** A condition. */
    public static void hold(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }
}
