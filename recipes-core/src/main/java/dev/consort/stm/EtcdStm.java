/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Pause;
import dev.consort.core.internal.SnapshotReads;
import dev.consort.core.internal.Store;
import dev.consort.stm.Attempt.Returned;
import dev.consort.stm.CommitTxn.Conflict;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs transactions: an attempt, its commit, and another attempt if that is refused. Immutable. */
final class EtcdStm implements Stm {
    static final String RECIPE = "Stm";
    private static final Logger log = LoggerFactory.getLogger(EtcdStm.class);

    private final Store store;
    private final EtcdConnection connection;
    private final Isolation isolation;
    private final int maxAttempts;
    private final List<ByteString> prefetch;
    private final Executor executor;

    private EtcdStm(Store store, Isolation isolation, int maxAttempts, List<ByteString> prefetch, Executor executor) {
        this.store = store;
        this.connection = store.connection();
        this.isolation = isolation;
        this.maxAttempts = maxAttempts;
        this.prefetch = prefetch;
        this.executor = executor;
    }

    static Stm on(Connection connection) {
        Store store = Store.of(connection, RECIPE);
        return new EtcdStm(
                store,
                Isolation.SERIALIZABLE_SNAPSHOT,
                DEFAULT_MAX_ATTEMPTS,
                List.of(),
                store.connection().callbacks());
    }

    @Override
    public Stm isolation(Isolation other) {
        return new EtcdStm(store, Objects.requireNonNull(other, "isolation"), maxAttempts, prefetch, executor);
    }

    @Override
    public Stm maxAttempts(int attempts) {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts must be 1 or more: " + attempts);
        }
        return new EtcdStm(store, isolation, attempts, prefetch, executor);
    }

    @Override
    public Stm prefetch(String... keys) {
        List<ByteString> checked =
                Arrays.stream(keys).map(StmKeys::checked).distinct().toList();
        if (checked.size() > CommitTxn.MAX_OPERATIONS_OF_ETCD) {
            throw new IllegalArgumentException("prefetch of " + checked.size() + " keys: at most "
                    + CommitTxn.MAX_OPERATIONS_OF_ETCD + " go into one request");
        }
        return new EtcdStm(store, isolation, maxAttempts, checked, executor);
    }

    @Override
    public Stm executor(Executor other) {
        return new EtcdStm(store, isolation, maxAttempts, prefetch, Objects.requireNonNull(other, "executor"));
    }

    /**
     * What became of an attempt.
     *
     * @param revision of a commit
     * @param conflict null if it was committed
     */
    private record Verdict(long revision, @Nullable Conflict conflict) {}

    private Attempt attempt(Rounds rounds) {
        return new Attempt(
                store, isolation, rounds.last().contents(), rounds.last().revision());
    }

    @Override
    public <T extends @Nullable Object, X extends Exception> T run(Body<T, X> body) throws InterruptedException, X {
        return runCommitted(body).result();
    }

    @Override
    public <T extends @Nullable Object, X extends Exception> Committed<T> runCommitted(Body<T, X> body)
            throws InterruptedException, X {
        Objects.requireNonNull(body, "body");
        Rounds rounds = new Rounds(maxAttempts, connection.timing());
        while (true) {
            checkNotInterrupted();
            Attempt attempt = attempt(rounds);
            Optional<Returned<T>> returned = attempt.run(prefetch, body);
            if (attempt.isInterrupted()) {
                throw new InterruptedException();
            }
            checkNotInterrupted(); // The last moment: once the commit is sent, its outcome is what matters.
            Conflict conflict = Conflict.unknown("");
            if (returned.isPresent()) {
                CommitTxn commit = new CommitTxn(attempt, store);
                Verdict verdict = store.await(verdict(attempt, commit), commit.key());
                if (verdict.conflict() == null) {
                    return new Committed<>(returned.get().value(), verdict.revision(), rounds.attempts());
                }
                conflict = verdict.conflict();
            }
            pause(rounds.next(conflict), conflict.key());
        }
    }

    private static void checkNotInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private void pause(Duration pause, String key) throws InterruptedException {
        if (pause.isZero()) {
            return;
        }
        CompletableFuture<Boolean> over = Pause.of(connection, pause);
        try {
            var unused = connection.timing().await(over, pause.plus(connection.requestTimeout()));
        } catch (ExecutionException e) {
            throw closed(key, e);
        } catch (TimeoutException e) {
            log.debug("{} '{}': the timer is late, and the pause over all the same", RECIPE, key);
        } finally {
            over.cancel(false); // if interrupted, or late
        }
    }

    private static RecipeException closed(String key, Throwable cause) {
        return new RecipeException(
                RECIPE, key, "the connection was closed between two attempts; nothing was written", cause);
    }

    /** Commits an attempt, or looks again at what it has read, or neither where it has read one revision and writes nothing. */
    private CompletableFuture<Verdict> verdict(Attempt attempt, CommitTxn commit) {
        if (commit.writes()) {
            return store.commit(commit.request())
                    .thenApply(outcome -> outcome.applied()
                            ? new Verdict(outcome.revision(), null)
                            : new Verdict(0, commit.conflict(Objects.requireNonNull(outcome.response()))));
        }
        if (commit.validates()) {
            return SnapshotReads.send(connection, commit.request())
                    .thenApply(answer -> answer.getSucceeded()
                            ? new Verdict(answer.getHeader().getRevision(), null)
                            : new Verdict(0, commit.conflict(answer)));
        }
        return CompletableFuture.completedFuture(new Verdict(attempt.read().latest(), null));
    }

    @Override
    public <T extends @Nullable Object> CompletableFuture<T> runAsync(Body<T, ?> body) {
        Objects.requireNonNull(body, "body");
        AsyncRun<T> run = new AsyncRun<>(body);
        run.begin();
        return run.result;
    }

    /** A transaction that holds no thread but while its body runs. Each step follows the one before, on the executor. */
    private final class AsyncRun<T extends @Nullable Object> {
        private final Body<T, ?> body;
        private final Rounds rounds = new Rounds(maxAttempts, connection.timing());
        private final CompletableFuture<T> result = new CompletableFuture<>();

        AsyncRun(Body<T, ?> body) {
            this.body = body;
        }

        void begin() {
            if (!result.isDone()) {
                submit(this::round);
            }
        }

        private void submit(Runnable step) {
            try {
                executor.execute(step);
            } catch (RejectedExecutionException e) {
                // Not here: it may be one of gRPC's threads.
                ForkJoinPool.commonPool()
                        .execute(() -> result.completeExceptionally(new RecipeException(
                                RECIPE,
                                "",
                                "the executor takes no more: it was shut down, or the connection closed",
                                e)));
            }
        }

        private void round() {
            if (result.isDone()) {
                return;
            }
            try {
                Attempt attempt = attempt(rounds);
                Optional<Returned<T>> returned = attempt.run(prefetch, body);
                if (attempt.isInterrupted()) {
                    Thread.currentThread().interrupt(); // The executor's, which has its reasons.
                    result.completeExceptionally(new InterruptedException());
                } else if (returned.isEmpty()) {
                    again(Conflict.unknown(""));
                } else if (!result.isDone()) {
                    commit(attempt, returned.get());
                }
            } catch (Throwable failure) {
                result.completeExceptionally(failure);
            }
        }

        private void commit(Attempt attempt, Returned<T> returned) {
            CommitTxn commit = new CommitTxn(attempt, store);
            var unused = verdict(attempt, commit)
                    .whenComplete((verdict, failure) -> completed(() -> {
                        if (failure != null) {
                            result.completeExceptionally(store.failure(unwrapped(failure), commit.key()));
                        } else if (verdict.conflict() == null) {
                            result.complete(returned.value());
                        } else {
                            again(verdict.conflict());
                        }
                    }));
        }

        /** Runs what follows an answer; it must be told also when the executor takes nothing any more. */
        private void completed(Runnable step) {
            try {
                executor.execute(step);
            } catch (RejectedExecutionException e) {
                ForkJoinPool.commonPool().execute(step);
            }
        }

        private void again(Conflict conflict) {
            try {
                Duration pause = rounds.next(conflict);
                if (pause.isZero()) {
                    begin();
                    return;
                }
                var unused = Pause.of(connection, pause).whenComplete((over, closed) -> {
                    if (closed == null) {
                        begin();
                    } else {
                        completed(() -> result.completeExceptionally(closed(conflict.key(), closed)));
                    }
                });
            } catch (RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        }
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
