/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A place where those wait who go by one session, and fail with it, for recipes that decide by themselves who passes. It takes
 * care of the session's end, of names in use, and of requests that must be answered.
 *
 * <p>Concurrency: what is protected is confined to the session's serializer, on which everything is called and answered.
 *
 * @param <S> what is looked at
 */
public abstract class SessionPlace<S> extends Place<S> {
    private final EtcdSession session;
    private final String recipe;
    private final String name;
    private final Consumer<LossReason> onSessionEnd = this::sessionEnded;
    private final Set<Wait<S, ?>> waits = new LinkedHashSet<>();
    private boolean open;

    /** A place with nobody there. */
    protected SessionPlace(EtcdSession session, String recipe, String name) {
        this.session = session;
        this.recipe = recipe;
        this.name = name;
    }

    /** The first has come since it was closed. */
    protected abstract void opened();

    /** One more waits. */
    protected abstract void joined(Wait<S, ?> wait);

    /** It was closed, or its session has ended. */
    protected abstract void closed();

    /** Who goes by this session. */
    protected final EtcdSession session() {
        return session;
    }

    @Override
    public final EtcdConnection connection() {
        return session.engine();
    }

    @Override
    protected final String recipe() {
        return recipe;
    }

    @Override
    protected final String name() {
        return name;
    }

    @Override
    public final void callback(Runnable task) {
        session.callback(task);
    }

    @Override
    public final void execute(Runnable task) {
        session.execute(task);
    }

    /** Later, unless the session has ended by then. */
    protected final void after(Duration delay, Runnable task) {
        session.after(delay, () -> {
            if (session.isOpen()) {
                task.run();
            }
        });
    }

    @Override
    public final void join(Wait<S, ?> wait) {
        session.execute(() -> {
            wait.begin(this);
            waits.add(wait);
            try {
                session.checkNotEnded(recipe, name);
                open();
            } catch (IllegalStateException | IllegalArgumentException | SessionLostException e) {
                wait.fail(e);
                return;
            }
            joined(wait);
        });
    }

    private void open() {
        if (!open) {
            connection().checkOpen();
            connection().namesInUse().enter(recipe, name);
            session.attach(onSessionEnd);
            open = true;
            opened();
        }
    }

    @Override
    protected void leave(Wait<S, ?> wait) {
        waits.remove(wait);
    }

    /** Whether it is open, and the session has not ended. */
    protected final boolean isOpen() {
        return open && session.isOpen();
    }

    /** Whether nobody waits. */
    protected final boolean isEmpty() {
        return waits.isEmpty();
    }

    /** Closes it, when nobody waits. */
    protected final void close() {
        if (open) {
            open = false;
            connection().namesInUse().leave(recipe, name);
            session.detach(onSessionEnd);
            closed();
        }
    }

    private void sessionEnded(LossReason reason) {
        failAll(new SessionLostException(recipe, name, reason));
        close();
    }

    /** Fails everybody who waits, for a reason that is nobody's own. */
    protected final void failAll(RuntimeException why) {
        List.copyOf(waits).forEach(wait -> wait.fail(why));
    }

    /**
     * Sends a transaction until it is answered or the session ends: one that has the same effect applied once, twice or late.
     *
     * @param otherwise told if etcd refuses it for good; if its lease is gone, the session ends instead
     */
    protected final void send(TxnRequest txn, Consumer<TxnResponse> then, Consumer<RecipeException> otherwise) {
        CompletableFuture<TxnResponse> answer = session.calls().untilAnswered(txn, session::isOpen);
        session.onAnswer(answer, (response, failure) -> {
            if (!session.isOpen()) {
                return;
            }
            if (failure == null) {
                then.accept(response);
            } else if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                session.lose(LossReason.REVOKED);
            } else {
                otherwise.accept(failure.toException(recipe, name));
            }
        });
    }

    /** What changes below a prefix, told while the place is open. */
    protected final Feed feed(String prefix, long from, Feed.Listener listener) {
        return Feed.open(connection(), recipe, prefix, from, session::execute, listener);
    }

    /** A key of the session was deleted: ends the session if it went with the lease. */
    protected final void removed(Runnable thenIfAlone) {
        session.whyRemoved(reason -> {
            if (reason == LossReason.CLAIM_REMOVED) {
                thenIfAlone.run();
            }
        });
    }

    /** A key with the namespace. */
    protected final ByteString key(String relative) {
        return connection().key(ByteString.copyFromUtf8(relative));
    }

    /** A key as the user knows it. */
    protected final String relative(ByteString key) {
        return connection().relative(key).toStringUtf8();
    }
}
