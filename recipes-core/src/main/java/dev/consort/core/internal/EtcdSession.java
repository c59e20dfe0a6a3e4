/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.RangeRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's side of a session: its lease, its mailbox, its fence and its claim queues.
 *
 * <p>Concurrency: state is confined to {@link #serializer}; what is volatile is written by it alone, except for {@link
 * #expired}, which anybody may set.
 */
public final class EtcdSession implements Session, LeaseKeeper.Owner, Mailbox.Owner {
    private static final Logger log = LoggerFactory.getLogger(EtcdSession.class);

    private final EtcdConnection connection;
    private final boolean ownsConnection;
    private final SessionKeys keys;
    private final long leaseId;
    private final Duration ttl;
    private final Serializer serializer = new Serializer();
    private final CallbackOrder callbacks;
    private final LeaseKeeper keeper;
    private final Mailbox mailbox;
    private final ClaimQueues queues = new ClaimQueues(this);
    private final GhostSweep ghosts = new GhostSweep(this);
    private final Set<Consumer<LossReason>> attached = new LinkedHashSet<>(); // confined to serializer
    private final CompletableFuture<LossReason> lost = new CompletableFuture<>();
    private final CompletableFuture<Void> revoked = new CompletableFuture<>();
    private final ThreadHolds holds = new ThreadHolds();
    private final Map<String, Object> shared = new ConcurrentHashMap<>();
    private volatile SessionState state = SessionState.ACTIVE;
    private volatile boolean expired; // sticky: once the deadline was seen to have passed nothing is held again
    private long fenceRevision; // confined to serializer, like lossReason
    private @Nullable LossReason lossReason;

    EtcdSession(EtcdConnection connection, boolean ownsConnection, SessionKeys keys, Executor executor, Lease lease) {
        this.connection = connection;
        this.ownsConnection = ownsConnection;
        this.keys = keys;
        this.leaseId = lease.id();
        this.ttl = lease.ttl();
        this.callbacks = new CallbackOrder(executor);
        this.keeper = new LeaseKeeper(this, this, leaseId, ttl, lease.sent());
        this.mailbox = new Mailbox(this, this, keys.mailbox(leaseId));
    }

    /**
     * A lease that was granted.
     *
     * @param sent when its first request was sent
     */
    record Lease(long id, Duration ttl, long sent) {}

    /** A connection and a session with the defaults. */
    public static EtcdSession connect(List<String> endpoints) {
        Connection connection = new EtcdConnectionBuilder(endpoints).open();
        try {
            return new EtcdSessionBuilder(connection).owningConnection().openSession();
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** The engine behind a public session. */
    public static EtcdSession of(Session session) {
        if (Objects.requireNonNull(session, "session") instanceof EtcdSession ours) {
            return ours;
        }
        throw new IllegalArgumentException("session is of " + session.getClass() + ", not made by Session");
    }

    /** The session's keys are in etcd; completes when its mailbox is watched and it may claim. */
    CompletableFuture<Boolean> start(long fence, long watchFrom) {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        execute(() -> {
            fenceRevision = fence;
            keeper.start();
            onAnswer(mailbox.open(watchFrom), (standing, failure) -> {
                if (failure == null) {
                    ready.complete(true);
                } else {
                    ready.completeExceptionally(failure);
                }
            });
        });
        return ready;
    }

    // The session's serializer and what runs on it

    void execute(Runnable task) {
        serializer.execute(task);
    }

    Timing.Timer after(Duration delay, Runnable task) {
        return connection.timing().schedule(delay, () -> serializer.execute(task));
    }

    <T> void onAnswer(CompletableFuture<T> call, BiConsumer<T, @Nullable CallFailure> handler) {
        Completion.of(
                call,
                (answer, failure) -> serializer.execute(() -> {
                    if (failure != null && calls().isShutDown()) {
                        lose(LossReason.CLIENT_CLOSED);
                    }
                    handler.accept(answer, (CallFailure) failure);
                }));
    }

    Watch watch(ByteString key, long from, WatchHub.Listener listener) {
        return watch(WatchHub.key(key), from, listener);
    }

    Watch watch(WatchHub.Subject what, long from, WatchHub.Listener listener) {
        return connection.watches().watch(what, from, listener);
    }

    /** Runs what may call user code. */
    public void callback(Runnable task) {
        callbacks.unordered(task);
    }

    /** Where its listeners run. */
    public Executor executor() {
        return callbacks::unordered;
    }

    Calls calls() {
        return connection.calls();
    }

    /** The connection's clock and timer. */
    public Timing timing() {
        return connection.timing();
    }

    /** The wall clock, for what people read. */
    public Instant now() {
        return connection.timing().instants().instant();
    }

    /** What threads hold through reentrant views. */
    public ThreadHolds holds() {
        return holds;
    }

    /** What all that go by this session share, as long as it lives; made by the first that asks. */
    public <T> T shared(String key, Class<T> type, Supplier<T> maker) {
        return type.cast(shared.computeIfAbsent(key, absent -> maker.get()));
    }

    /** The connection it was opened on. */
    public EtcdConnection engine() {
        return connection;
    }

    ByteString key(ByteString key) {
        return connection.key(key);
    }

    String text(ByteString key) {
        return connection.relative(key).toStringUtf8();
    }

    ByteString sessionPrefix() {
        return keys.prefix();
    }

    // Fence, mailboxes and queues

    ByteString fenceKey() {
        return keys.fence(leaseId);
    }

    long fenceRevision() {
        return fenceRevision;
    }

    void fenceSeen(long revision) {
        fenceRevision = Math.max(fenceRevision, revision);
    }

    ByteString mailboxKey(long lease) {
        return keys.mailbox(lease);
    }

    void enqueue(Waiter waiter) {
        execute(() -> {
            LossReason reason = lossReason;
            if (reason != null || !isAlive()) {
                waiter.result.completeExceptionally(new SessionLostException(
                        waiter.spec.recipe(), waiter.spec.name(), reason == null ? LossReason.EXPIRED : reason));
            } else {
                queues.enqueue(waiter);
            }
        });
    }

    void withdraw(Waiter waiter) {
        execute(() -> queues.withdraw(waiter));
    }

    // Those that wait through it at something else than a queue; on the serializer

    void checkNotEnded(String recipe, String name) {
        LossReason reason = lossReason;
        if (reason != null || !isAlive()) {
            throw new SessionLostException(recipe, name, reason == null ? LossReason.EXPIRED : reason);
        }
    }

    /** Who is told when it ends. */
    void attach(Consumer<LossReason> whenEnded) {
        attached.add(whenEnded);
    }

    void detach(Consumer<LossReason> whenEnded) {
        attached.remove(whenEnded);
    }

    void forget(QueueKeys queue) {
        queues.forget(queue);
    }

    void usedLately(QueueKeys queue) {
        ghosts.usedLately(queue);
    }

    List<QueueKeys> releasedLately(String name) {
        return ghosts.releasedLately(name);
    }

    void onGhost(QueueKeys queue, long revision) {
        queues.onGhost(queue, revision);
    }

    @Override
    public void onMessage(Message message) {
        queues.onMessage(message);
    }

    @Override
    public void onMessagesLost() {
        queues.recheck();
    }

    // The lease

    @Override
    public void renewed() {
        if (state == SessionState.AT_RISK) {
            change(SessionState.ACTIVE);
        }
        ghosts.sweep();
    }

    @Override
    public void atRisk() {
        if (state == SessionState.ACTIVE) {
            log.warn("Session {}: no renewal answered for half of its TTL of {}", hexId(), ttl);
            change(SessionState.AT_RISK);
        }
    }

    @Override
    public void lose(LossReason reason) {
        if (end(SessionState.LOST, reason)) {
            log.warn("Session {}: lost ({})", hexId(), reason);
            revoke();
        }
    }

    /**
     * A key of this session is gone: tells whether it went alone or with the lease, which ends the session. When a lease
     * goes, the watches of its keys say so in any order.
     */
    public void whyRemoved(Consumer<LossReason> then) {
        RangeRequest mailboxKey = ClaimTxns.key(keys.mailbox(leaseId)).build();
        onAnswer(
                calls().once(KVGrpc.getRangeMethod(), mailboxKey, calls().attemptTimeout(0)),
                (range, failure) -> connection
                        .history()
                        .settled(() -> execute(() -> {
                            if (failure == null && range.getCount() == 0) {
                                lose(LossReason.REVOKED);
                            }
                            then.accept(lossReason == null ? LossReason.CLAIM_REMOVED : lossReason);
                        })));
    }

    private boolean end(SessionState last, LossReason reason) {
        if (lossReason != null) {
            return false;
        }
        lossReason = reason;
        expired = true;
        keeper.stop();
        mailbox.close();
        queues.sessionEnded(reason);
        List.copyOf(attached).forEach(whenEnded -> whenEnded.accept(reason));
        change(last);
        callbacks.unordered(() -> lost.complete(reason));
        connection.remove(this);
        return true;
    }

    private void change(SessionState next) {
        state = next;
        callbacks.tell(next);
    }

    /** Frees what others wait for as soon as etcd can be reached, which may hold the lease for longer than we count. */
    private void revoke() {
        long until = timing().nanoTime() + 2 * ttl.toNanos();
        BooleanSupplier wanted = () -> timing().nanoTime() - until < 0;
        LeaseRevokeRequest request =
                LeaseRevokeRequest.newBuilder().setID(leaseId).build();
        onAnswer(calls().untilAnswered(LeaseGrpc.getLeaseRevokeMethod(), request, wanted), (answer, failure) -> {
            if (failure != null && failure.kind() != CallFailure.Kind.LEASE_GONE) {
                log.warn(
                        "Session {}: lease not revoked ({}); its keys go within its TTL",
                        hexId(),
                        failure.getMessage());
            }
            revoked.complete(null);
        });
    }

    boolean isOpen() {
        return lossReason == null;
    }

    /** Whether anything of this session may be called held. Once false, always false. */
    boolean isAlive() {
        if (expired) {
            return false;
        }
        if (timing().nanoTime() - keeper.deadline() < 0) {
            return true;
        }
        expired = true;
        execute(() -> lose(LossReason.EXPIRED));
        return false;
    }

    /** The state as last set, for the engine. */
    SessionState stateNow() {
        return state;
    }

    // Session

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public long leaseId() {
        return leaseId;
    }

    String hexId() {
        return Long.toHexString(leaseId);
    }

    @Override
    public Duration ttl() {
        return ttl;
    }

    @Override
    public SessionState state() {
        boolean alive = isAlive();
        SessionState now = state;
        return alive || now.isFinal() ? now : SessionState.LOST;
    }

    @Override
    public Duration remaining() {
        return isAlive() ? Duration.ofNanos(Math.max(0, keeper.deadline() - timing().nanoTime())) : Duration.ZERO;
    }

    @Override
    public CompletionStage<LossReason> lost() {
        return lost.minimalCompletionStage();
    }

    @Override
    public void onState(Consumer<SessionState> listener) {
        Objects.requireNonNull(listener, "listener");
        execute(() -> callbacks.add(listener, state));
    }

    @Override
    public void orphan() {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        execute(() -> {
            if (end(SessionState.CLOSED, LossReason.CLOSED)) {
                revoked.complete(null);
            }
            ended.complete(true);
        });
        // Another thread may be running the session's tasks; when this returns nothing is held any more.
        Await.quietly(timing(), ended, calls().requestTimeout());
    }

    CompletableFuture<Void> closeAsync() {
        execute(() -> {
            if (end(SessionState.CLOSED, LossReason.CLOSED)) {
                revoke();
            } else if (state == SessionState.LOST) {
                revoked.complete(null);
            }
        });
        return revoked;
    }

    @Override
    public void close() {
        Await.quietly(timing(), closeAsync(), calls().requestTimeout());
        if (ownsConnection) {
            connection.close();
        }
    }

    @Override
    public String toString() {
        return "Session " + hexId() + " " + state();
    }
}
