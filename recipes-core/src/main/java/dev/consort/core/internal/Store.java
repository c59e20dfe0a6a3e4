/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.OutcomeUnknownException;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What recipes without a session send: reads, and transactions whose outcome becomes known though an answer is lost. Keys
 * carry the namespace already, see {@link #key}.
 *
 * <p>Thread-safe. Futures complete on gRPC's transport thread, with a failure that is for {@link #failure}: what is more than
 * the next request goes to {@link EtcdConnection#callbacks()} first.
 */
public final class Store {
    private final EtcdConnection connection;
    private final String recipe;

    private Store(EtcdConnection connection, String recipe) {
        this.connection = connection;
        this.recipe = recipe;
    }

    /**
     * What became of a transaction.
     *
     * @param applied whether its comparisons held, so that its success branch was committed, once; else it never will be
     * @param revision at which it was committed, or else of the answer
     * @param response etcd's answer; null if it was applied and the answer was lost, so that what operations of the success
     *     branch found must not be depended on
     */
    public record Outcome(
            boolean applied, long revision, @Nullable TxnResponse response) {
        /** The answer's part of an operation of the failure branch. */
        public RangeResponse found(int index) {
            return Objects.requireNonNull(response, "response")
                    .getResponses(index)
                    .getResponseRange();
        }
    }

    /** For a recipe, which failures name. */
    public static Store of(Connection connection, String recipe) {
        EtcdConnection engine = EtcdConnection.of(connection);
        engine.checkOpen();
        return new Store(engine, recipe);
    }

    /** What this goes by. */
    public EtcdConnection connection() {
        return connection;
    }

    /** The recipe that it is for, as messages name it. */
    public String recipe() {
        return recipe;
    }

    /** A key with the namespace. */
    public ByteString key(ByteString relative) {
        return connection.key(relative);
    }

    /** A key with the namespace. */
    public ByteString key(String relative) {
        return connection.key(ByteString.copyFromUtf8(relative));
    }

    /** A key as the user knows it. */
    public ByteString relative(ByteString key) {
        return connection.relative(key);
    }

    /** Reads, again and again until answered or for the request timeout. */
    public CompletableFuture<RangeResponse> range(RangeRequest request) {
        connection.checkOpen();
        return connection.calls().range(request, connection.calls().forTheRequestTimeout());
    }

    /** Reads all keys that begin so, in pages at one revision, again and again until answered or for the request timeout. */
    public CompletableFuture<List<PrefixView.Entry>> below(String prefix) {
        connection.checkOpen();
        BooleanSupplier inTime = connection.calls().forTheRequestTimeout();
        return PrefixReader.read(connection, KeyRange.prefix(key(prefix)), inTime)
                .thenApply(PrefixReader.Reading::entries);
    }

    /**
     * Commits a transaction at most once, however often it has to be sent, and finds out whether that was so; it fails as
     * ambiguous if that is not known within the request timeout. Of what etcd takes it needs a comparison and an operation
     * for itself.
     */
    public CompletableFuture<Outcome> commit(TxnRequest request) {
        connection.checkOpen();
        CompletableFuture<Outcome> result = connection.calls().answeredAtLatestByClose(new CompletableFuture<>());
        BooleanSupplier inTime = connection.calls().forTheRequestTimeout();
        connection.receipts().commit(request, () -> connection.isOpen() && inTime.getAsBoolean(), result);
        return result;
    }

    /**
     * Waits for one of these, whatever interrupts come; the interrupt flag is kept.
     *
     * @throws OutcomeUnknownException if it is not known whether a transaction was applied
     */
    public <T> T await(CompletableFuture<T> answer, String key) {
        Duration timeout = connection.requestTimeout().multipliedBy(3); // a commit ends by itself before that
        try {
            return Await.uninterruptibly(connection.timing(), answer, timeout);
        } catch (CallFailure | UnknownOutcome failure) {
            if (answer.isDone()) {
                return answered(answer, key); // just as the wait for it ended
            }
            // The process stood still for so long: a transaction may have been applied meanwhile, or be later.
            throw failure(new UnknownOutcome(CallFailure.late(timeout)), key);
        }
    }

    private <T> T answered(CompletableFuture<T> answer, String key) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw failure(e, key);
        }
    }

    /** What a user is told. */
    public RuntimeException failure(Throwable failure, String key) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownOutcome unknown) {
            return unknown.toException(recipe, key);
        }
        if (cause instanceof CallFailure call) {
            return connection.failure(recipe, key, connection.requestTimeout(), call);
        }
        return cause instanceof RuntimeException other ? other : new CompletionException(cause);
    }
}
