/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** Waiting for what etcd and the engine do together, with bounds that a busy machine keeps. */
public final class Waits {
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private Waits() {}

    /** What a future is completed with; fails the test if that takes long. */
    static <T> T get(Future<T> future) {
        try {
            return future.get(LONGEST.toSeconds(), SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    static <T> T outcome(CompletionStage<T> stage) {
        return get(stage.toCompletableFuture());
    }

    /** What a future failed with. */
    static Throwable failure(Future<?> future) {
        try {
            throw new AssertionError("completed with " + future.get(LONGEST.toSeconds(), SECONDS));
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** Tries until the assertion passes. */
    static void soon(ThrowingRunnable assertion) {
        within(LONGEST, assertion);
    }

    static void within(Duration time, ThrowingRunnable assertion) {
        Awaitility.await()
                .atMost(time)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(assertion);
    }

    /** That something stays as it is for a while. */
    static void stays(Duration time, Callable<Boolean> condition) {
        Awaitility.await()
                .during(time)
                .atMost(time.plus(LONGEST))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .failFast(() -> assertThat(condition.call()).isTrue())
                .until(condition);
    }

    /** Lets real time pass. */
    static void pass(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        Awaitility.await()
                .atMost(time.plus(LONGEST))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> System.nanoTime() - until >= 0);
    }

    public static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    /** The grant of an acquire that must be in its queue by now, behind others. */
    static void assertWaiting(CompletableFuture<? extends Grant> acquire) {
        assertThat(acquire).isNotDone();
    }
}
