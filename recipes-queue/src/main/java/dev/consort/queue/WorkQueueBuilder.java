/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.Names;
import java.time.Duration;
import java.util.Objects;

/** What a work queue is to be like. Immutable. */
record WorkQueueBuilder<T>(
        SessionFactory sessions, String name, Codec<T> codec, QueueOptions options, int maxAttempts, Duration timeLimit)
        implements WorkQueue.Builder<T> {
    private static final int MOST_ATTEMPTS = 1000;
    private static final Duration SHORTEST_LIMIT = Duration.ofMillis(100);
    private static final Duration LONGEST_LIMIT = Duration.ofDays(365);

    WorkQueueBuilder(SessionFactory sessions, String name, Codec<T> codec) {
        this(
                Objects.requireNonNull(sessions, "sessions"),
                Names.checked(EtcdWorkQueue.RECIPE, name),
                Objects.requireNonNull(codec, "codec"),
                QueueOptions.DEFAULT,
                5,
                Duration.ofMinutes(10));
    }

    @Override
    public WorkQueue.Builder<T> maxAttempts(int attempts) {
        if (attempts < 1 || attempts > MOST_ATTEMPTS) {
            throw bad("maxAttempts " + attempts + " is not within 1.." + MOST_ATTEMPTS);
        }
        return new WorkQueueBuilder<>(sessions, name, codec, options, attempts, timeLimit);
    }

    @Override
    public WorkQueue.Builder<T> timeLimit(Duration limit) {
        if (Objects.requireNonNull(limit, "limit").compareTo(SHORTEST_LIMIT) < 0
                || limit.compareTo(LONGEST_LIMIT) > 0) {
            throw bad("timeLimit " + limit + " is not within " + SHORTEST_LIMIT + ".." + LONGEST_LIMIT);
        }
        return new WorkQueueBuilder<>(sessions, name, codec, options, maxAttempts, limit);
    }

    @Override
    public WorkQueue.Builder<T> capacity(int most) {
        return new WorkQueueBuilder<>(
                sessions,
                name,
                codec,
                options.withCapacity(QueueOptions.checkedCapacity(EtcdWorkQueue.RECIPE, name, most)),
                maxAttempts,
                timeLimit);
    }

    @Override
    public WorkQueue.Builder<T> idWindow(Duration window) {
        return new WorkQueueBuilder<>(
                sessions,
                name,
                codec,
                options.withIdWindow(Objects.requireNonNull(window, "window")),
                maxAttempts,
                timeLimit);
    }

    @Override
    public WorkQueue<T> build() {
        return new EtcdWorkQueue<>(this);
    }

    private IllegalArgumentException bad(String what) {
        return new IllegalArgumentException(EtcdWorkQueue.RECIPE + " '" + name + "': " + what);
    }
}
