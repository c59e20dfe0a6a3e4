/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.config.SetNx.Answer.Status;
import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.FencingToken;
import dev.consort.core.LossReason;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.core.SessionState;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.KeyReader;
import dev.consort.core.internal.Leases;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Store.Outcome;
import dev.consort.core.internal.ThisProcess;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Set-if-absent by one transaction, whose outcome the store finds out. Immutable.
 *
 * <p>A time to live of its own is a lease for this key alone. (!) It is revoked when the key was not put with it, but not when
 * that is unknown: by then its owner may believe that the key is its own.
 */
final class EtcdSetNx implements SetNx {
    static final String RECIPE = "SetNx";
    private static final Duration MIN_TTL = Duration.ofSeconds(2);
    private static final Duration MAX_TTL = Duration.ofDays(365);
    private static final int MAX_OWNER = 1024;

    private final EtcdConnection connection;
    private final Store store;
    private final Leases leases;
    private final SetNxKeys keys;
    private final String owner;
    private final @Nullable EtcdSession session; // to which it is bound
    private final @Nullable Duration ttl; // of its own
    private final Handing handing;
    private final Waiting<Boolean> waiting;

    private EtcdSetNx(
            EtcdConnection connection,
            String name,
            String owner,
            @Nullable EtcdSession session,
            @Nullable Duration ttl) {
        this.connection = connection;
        this.store = Store.of(connection, RECIPE);
        this.leases = new Leases(connection, RECIPE, name);
        this.keys = new SetNxKeys(name);
        this.owner = owner;
        this.session = session;
        this.ttl = ttl;
        Rendezvous<Boolean> rendezvous =
                Rendezvous.atKey(connection, RECIPE, name, (entries, revision) -> entries.isEmpty());
        this.waiting = new Waiting<>(rendezvous);
        Executor executor = session == null ? rendezvous::callback : session.executor();
        this.handing = new Handing(store, executor, name);
    }

    static SetNx boundTo(Session session, String name) {
        EtcdSession engine = EtcdSession.of(session);
        return new EtcdSetNx(
                engine.engine(),
                Names.checked(RECIPE, name, session),
                ThisProcess.text() + " session=" + Long.toHexString(engine.leaseId()),
                engine,
                null);
    }

    static SetNx expiring(Connection connection, String name, Duration ttl) {
        Objects.requireNonNull(ttl, "ttl");
        if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException(RECIPE + " '" + name + "': ttl " + ttl + " is not whole seconds within "
                    + MIN_TTL + ".." + MAX_TTL);
        }
        return on(connection, name, ttl);
    }

    static SetNx permanent(Connection connection, String name) {
        return on(connection, name, null);
    }

    private static SetNx on(Connection connection, String name, @Nullable Duration ttl) {
        EtcdConnection engine = EtcdConnection.of(connection);
        return new EtcdSetNx(
                engine, Names.checked(RECIPE, name), ThisProcess.text() + " connection=" + engine.id(), null, ttl);
    }

    @Override
    public SetNx as(String newOwner) {
        if (Objects.requireNonNull(newOwner, "owner").isEmpty() || newOwner.length() > MAX_OWNER) {
            throw new IllegalArgumentException(RECIPE + " '" + name() + "': owner '"
                    + newOwner.substring(0, Math.min(newOwner.length(), 64)) + "' has " + newOwner.length()
                    + " characters: give 1 to " + MAX_OWNER);
        }
        return new EtcdSetNx(connection, name(), newOwner, session, ttl);
    }

    @Override
    public String name() {
        return keys.name();
    }

    @Override
    public String owner() {
        return owner;
    }

    // Setting it

    @Override
    public Answer trySet(String value) {
        return handing.await(set(value));
    }

    @Override
    public CompletableFuture<Answer> trySetAsync(String value) {
        return handing.async(set(value), answer -> {
            if (answer.status() == Status.CREATED) {
                var unused = delete(answer.token());
            }
        });
    }

    private CompletableFuture<Answer> set(String value) {
        ByteString bytes = Codecs.encode(Codec.utf8(), Objects.requireNonNull(value, "value"), RECIPE, name());
        EtcdSession bound = session;
        Duration own = ttl;
        return using(() -> {
            if (own != null) {
                long until = now() + connection.requestTimeout().toNanos();
                return look().thenCompose(
                                found -> found.isPresent() ? done(found.get()) : putWithItsOwn(own, bytes, until));
            }
            return bound != null ? putWith(bound, bytes) : put(bytes, 0, Optional::empty);
        });
    }

    private CompletableFuture<Answer> putWith(EtcdSession bound, ByteString value) {
        SessionState state = bound.state();
        if (state.isFinal()) {
            LossReason reason = state == SessionState.CLOSED
                    ? LossReason.CLOSED
                    : bound.lost().toCompletableFuture().getNow(LossReason.EXPIRED);
            return CompletableFuture.failedFuture(new SessionLostException(RECIPE, name(), reason));
        }
        return put(value, bound.leaseId(), () -> Optional.of(bound.remaining())).exceptionallyCompose(failure -> {
            CompletableFuture<Answer> failed = new CompletableFuture<>();
            if (Leases.isGone(failure)) {
                bound.whyRemoved(
                        reason -> failed.completeExceptionally(new SessionLostException(RECIPE, name(), reason)));
            } else {
                failed.completeExceptionally(failure);
            }
            return failed;
        });
    }

    private CompletableFuture<Answer> putWithItsOwn(Duration own, ByteString value, long until) {
        long lease = Leases.freshId();
        long sent = now();
        return leases.grant(lease, own)
                .thenCompose(granted -> put(value, lease, () -> Optional.of(left(own, sent))))
                .thenApply(answer -> {
                    if (answer.status() != Status.CREATED) {
                        leases.revoke(lease, own);
                    }
                    return answer;
                })
                .exceptionallyCompose(failure -> {
                    if (Leases.isGone(failure) && now() - until < 0) {
                        return putWithItsOwn(own, value, until); // it was over before the key was put
                    }
                    if (!(store.failure(Handing.unwrapped(failure), name()) instanceof OutcomeUnknownException)) {
                        leases.revoke(lease, own);
                    }
                    return CompletableFuture.failedFuture(failure);
                });
    }

    private Duration left(Duration own, long since) {
        return own.minusNanos(Math.min(now() - since, own.toNanos()));
    }

    private CompletableFuture<Answer> put(ByteString value, long lease, Supplier<Optional<Duration>> remaining) {
        return store.commit(keys.set(store, value, owner, lease)).thenCompose(outcome -> {
            if (outcome.applied()) {
                return done(new Answer(
                        Status.CREATED,
                        value.toStringUtf8(),
                        new FencingToken(outcome.revision(), 0),
                        Optional.of(owner),
                        remaining.get()));
            }
            return answer(KeyReader.reading(connection, Objects.requireNonNull(outcome.response())))
                    .thenCompose(found -> found.isPresent() ? done(found.get()) : put(value, lease, remaining));
        });
    }

    // Who has it

    @Override
    public Optional<Answer> current() {
        return handing.await(using(this::look));
    }

    private CompletableFuture<Optional<Answer>> look() {
        return KeyReader.read(connection, RECIPE, keys.value(), keys.owner()).thenCompose(this::answer);
    }

    private CompletableFuture<Optional<Answer>> answer(KeyReader.Reading read) {
        Optional<Entry> value = read.entries().get(0);
        if (value.isEmpty()) {
            return done(Optional.empty());
        }
        Entry entry = value.get();
        Optional<String> by = SetNxKeys.ownerOf(entry, read.entries().get(1).orElse(null));
        CompletableFuture<Optional<Duration>> remaining = entry.leaseId() == 0
                ? done(Optional.empty())
                : leases.remaining(entry.leaseId()).thenApply(left -> left.or(() -> Optional.of(Duration.ZERO)));
        return remaining.thenApply(left -> Optional.of(new Answer(
                by.equals(Optional.of(owner)) ? Status.ALREADY_MINE : Status.HELD_BY_ANOTHER,
                entry.value().toStringUtf8(),
                new FencingToken(entry.createRevision(), 0),
                by,
                left)));
    }

    // Giving it back, and keeping it

    @Override
    public boolean release(FencingToken token) {
        return handing.await(delete(token));
    }

    @Override
    public CompletableFuture<Boolean> releaseAsync(FencingToken token) {
        return handing.async(delete(token));
    }

    private CompletableFuture<Boolean> delete(FencingToken token) {
        Objects.requireNonNull(token, "token");
        return using(() -> store.commit(keys.delete(store, owner, token.revision()))
                .thenApply(outcome -> {
                    if (ttl != null) {
                        leaseOf(outcome).ifPresent(lease -> leases.revokeIfUnused(lease, ttl));
                    }
                    return outcome.applied();
                }));
    }

    /** Of the key that was deleted; if the answer was lost, the lease goes when its time to live is over. */
    private static Optional<Long> leaseOf(Outcome outcome) {
        return Optional.ofNullable(outcome.response()).filter(unused -> outcome.applied()).stream()
                .flatMap(response -> response.getResponsesList().stream())
                .flatMap(op -> op.getResponseDeleteRange().getPrevKvsList().stream())
                .map(kv -> kv.getLease())
                .filter(lease -> lease != 0)
                .findFirst();
    }

    @Override
    public boolean refresh(FencingToken token) {
        return handing.await(renew(token));
    }

    @Override
    public CompletableFuture<Boolean> refreshAsync(FencingToken token) {
        return handing.async(renew(token));
    }

    private CompletableFuture<Boolean> renew(FencingToken token) {
        Objects.requireNonNull(token, "token");
        return using(() -> KeyReader.read(connection, RECIPE, keys.value(), keys.owner())
                .thenCompose(read -> {
                    Optional<Entry> value = read.entries().get(0);
                    Optional<String> by = value.flatMap(entry ->
                            SetNxKeys.ownerOf(entry, read.entries().get(1).orElse(null)));
                    boolean mine = by.equals(Optional.of(owner))
                            && value.filter(entry -> entry.createRevision() == token.revision())
                                    .isPresent();
                    long lease = value.map(Entry::leaseId).orElse(0L);
                    return mine && ttl != null && lease != 0 ? leases.renew(lease) : done(mine);
                }));
    }

    // Waiting for it

    /** Waits until it is absent. */
    private static final class Absence extends Wait<Boolean, Boolean> {
        @Override
        protected boolean mayBeginStale() {
            return false;
        }

        @Override
        protected void look(Boolean absent) {
            if (absent) {
                pass(true);
            } else {
                mustWait();
            }
        }
    }

    @Override
    public boolean awaitAbsent(Duration timeout) throws InterruptedException {
        return waiting.await(new Absence(), timeout).isPresent();
    }

    @Override
    public CompletableFuture<Void> awaitAbsentAsync() {
        return waiting.awaitAsync(new Absence(), absent -> CompletableFuture.allOf());
    }

    // What is common to them

    /** Refuses a name that clashes with another one in use, and takes part in that until it is done. */
    private <T> CompletableFuture<T> using(Supplier<CompletableFuture<T>> work) {
        return Handing.whileTaken(connection.takeName(RECIPE, name()), work);
    }

    private static <T> CompletableFuture<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }

    private long now() {
        return connection.timing().nanoTime();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
