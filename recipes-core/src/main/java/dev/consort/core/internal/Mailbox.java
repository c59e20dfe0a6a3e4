/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's mailbox: one leased key with one standing watch. A put of it is a message, its deletion says that the lease
 * is gone.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Mailbox implements WatchHub.Listener {
    /** What the session is told, on its serializer. */
    interface Owner {
        void onMessage(Message message);

        /** Messages may have been lost: every waiting claim is to look for itself. */
        void onMessagesLost();

        void lose(LossReason reason);
    }

    private static final Logger log = LoggerFactory.getLogger(Mailbox.class);

    private final EtcdSession session;
    private final Owner owner;
    private final ByteString key;
    private final CompletableFuture<Boolean> standing = new CompletableFuture<>();
    private @Nullable Watch watch;
    private boolean closed;
    private long lastSeen;

    Mailbox(EtcdSession session, Owner owner, ByteString key) {
        this.session = session;
        this.owner = owner;
        this.key = key;
    }

    /** Opens the watch; completes when the server has set it up. */
    CompletableFuture<Boolean> open(long from) {
        watch = session.watch(key, from, this);
        return standing;
    }

    void close() {
        closed = true;
        standing.completeExceptionally(CallFailure.ended("the session ended while it was being opened"));
        if (watch != null) {
            watch.cancel();
        }
    }

    /** Again after a break: what is behind it may be a restored state, which no revision need tell. */
    @Override
    public void onCreated() {
        if (!standing.complete(true)) {
            session.execute(() -> {
                if (!closed) {
                    owner.onMessagesLost();
                }
            });
        }
    }

    @Override
    public void onRefused(String reason) {
        standing.completeExceptionally(CallFailure.watchRefused(reason));
        log.warn("Mailbox '{}' cannot be watched: {}", session.text(key), reason);
        session.after(Calls.FIRST_ATTEMPT, this::readAgain);
    }

    @Override
    public void onEvents(List<Event> events) {
        session.execute(() -> {
            for (Event event : events) {
                if (closed) {
                    return;
                }
                if (event.getType() == Event.EventType.DELETE) {
                    owner.lose(LossReason.REVOKED);
                } else {
                    receive(event.getKv());
                }
            }
        });
    }

    private void receive(KeyValue mail) {
        if (mail.getModRevision() <= lastSeen) {
            return;
        }
        lastSeen = mail.getModRevision();
        try {
            Message.decode(mail.getValue()).forEach(owner::onMessage);
        } catch (IOException e) {
            log.warn(
                    "Mailbox '{}' holds what is no message ({}); somebody else writes there",
                    session.text(key),
                    e.getMessage());
            owner.onMessagesLost();
        }
    }

    @Override
    public void onGap() {
        session.execute(this::readAgain);
    }

    private void readAgain() {
        if (closed) {
            return;
        }
        RangeRequest request = ClaimTxns.key(key).build();
        session.onAnswer(session.calls().range(request, session::isOpen), (range, failure) -> {
            if (closed) {
                return;
            }
            if (failure != null) {
                log.warn("Mailbox '{}' cannot be read ({})", session.text(key), failure.getMessage());
                session.after(Calls.FIRST_ATTEMPT, this::readAgain);
            } else if (range.getCount() == 0) {
                owner.lose(LossReason.REVOKED);
            } else {
                receive(range.getKvs(0));
                watch = session.watch(key, range.getHeader().getRevision() + 1, this);
                owner.onMessagesLost();
            }
        });
    }
}
