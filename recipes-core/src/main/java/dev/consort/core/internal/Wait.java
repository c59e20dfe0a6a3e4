/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One who waits at a {@link Place}. A recipe says in {@link #look} what it waits for.
 *
 * <p>Concurrency: everything but the futures is confined to the place's serializer, which also completes the futures.
 *
 * @param <S> what is looked at
 * @param <T> what comes of it
 */
public abstract class Wait<S, T> {
    /** What came of it; empty if it was given up, and certainly nothing came of it. */
    final CompletableFuture<Optional<T>> result = new CompletableFuture<>();

    /** Completes when it is known whether it has to wait. */
    final CompletableFuture<Boolean> waits = new CompletableFuture<>();

    /** Only what is told of later revisions concerns it. */
    long since;

    private @Nullable Place<S> at;

    /** The state is this, for the first time or again. */
    protected abstract void look(S state);

    /** Whether it may begin with what a view that stood before has told, which may be a moment old. */
    protected boolean mayBeginStale() {
        return true;
    }

    /** Is to end without having passed: by {@link #withdrawn}, now or when etcd has confirmed that it did not pass. */
    protected void giveUp() {
        withdrawn();
    }

    /** Nobody waits any more for how it ends. */
    protected void abandoned() {}

    /** It has failed with all the others while the session goes on: takes back what it wrote. */
    protected void stranded() {}

    /** It passed though nobody wants that any more. */
    protected void unwanted(T value) {}

    /** It has done what it could, and now depends on others. */
    protected final void mustWait() {
        waits.complete(true);
    }

    /** Ends it with a value. */
    protected final void pass(T value) {
        end();
        result.complete(Optional.of(value));
    }

    /** Ends it without having passed. */
    protected final void withdrawn() {
        end();
        result.complete(Optional.empty());
    }

    /** Ends it with a failure. */
    protected final void fail(RuntimeException why) {
        boolean wasOver = isOver();
        end();
        result.completeExceptionally(why);
        if (!wasOver) {
            failed(why);
        }
    }

    /** It has ended with a failure, such as the end of its session. */
    protected void failed(RuntimeException why) {}

    /** Whether whoever waits has been told. */
    protected final boolean isTold() {
        return result.isDone();
    }

    /** Whether it takes part no more. */
    protected final boolean isOver() {
        return at == null;
    }

    void begin(Place<S> where) {
        at = where;
    }

    private void end() {
        Place<S> where = at;
        at = null;
        if (where != null) {
            where.leave(this);
        }
    }
}
