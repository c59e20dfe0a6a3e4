/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.Await;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.election.Membership.Member;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of a member outlives its sessions. With each session it has another {@link Stay}.
 *
 * <p>Concurrency: what is guarded by {@link #lock} says so. A stay calls from its session's serializer; user code runs where
 * {@link #states} is told.
 */
final class EtcdSeat implements Seat {
    static final Duration FOREVER = Duration.ofDays(36_500); // in nanoseconds it must fit a long

    private static final Logger log = LoggerFactory.getLogger(EtcdSeat.class);

    private final SessionFactory sessions;
    private final boolean outlivesSessions;
    private final MemberKeys keys;
    private final String id;
    private final Duration closeTimeout;
    private final SeatStates states;
    private final Rejoining rejoining = new Rejoining(this);
    private final Set<Long> leases = ConcurrentHashMap.newKeySet(); // under which its key is its own
    private final CompletableFuture<Void> over = new CompletableFuture<>(); // for the engine
    private final CompletableFuture<Void> ended = new CompletableFuture<>(); // for users
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private @Nullable Stay stay; // null while it has no session
    private boolean closed;
    // Written with the lock held.
    private volatile Wanted wanted;
    private volatile @Nullable EtcdSession session;
    private volatile @Nullable Throwable lastFailure; // written by whoever has one

    /** The value that was given last. */
    record Wanted(String value, long number) {}

    EtcdSeat(
            SessionFactory sessions,
            boolean outlivesSessions,
            EtcdSession first,
            MemberKeys keys,
            String id,
            String value) {
        this.sessions = sessions;
        this.outlivesSessions = outlivesSessions;
        this.keys = keys;
        this.id = id;
        this.wanted = new Wanted(value, 1);
        this.closeTimeout = first.engine().requestTimeout();
        this.states = new SeatStates(toString(), first.executor());
    }

    // Joining

    /** Joins for the first time; leaves nothing behind if it cannot. */
    void join(EtcdSession first, Duration timeout) throws InterruptedException {
        Stay joining = begin(first);
        try {
            if (!joining.awaitJoined(timeout)) {
                Member holder = joining.lastHolder();
                throw holder != null
                        ? inUse(holder)
                        : new EtcdUnavailableException(
                                EtcdMembership.RECIPE, key(), first.engine().endpoints(), timeout, null);
            }
        } catch (InterruptedException | RuntimeException e) {
            leave();
            throw e;
        }
    }

    private Stay begin(EtcdSession with) {
        Stay next = new Stay(this, with);
        lock.lock();
        try {
            leases.add(with.leaseId());
            session = with;
            stay = next;
        } finally {
            lock.unlock();
        }
        return next;
    }

    /** Goes on with the next session. */
    void beginAgain() {
        EtcdSession next = EtcdSession.of(sessions.session());
        Names.checked(EtcdMembership.RECIPE, keys.group(), next);
        Stay begun;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            begun = begin(next);
        } finally {
            lock.unlock();
        }
        begun.start();
    }

    MemberIdInUseException inUse(Member holder) {
        if (holder.leaseId() == 0) {
            return new MemberIdInUseException(
                    key(), "the key is bound to no lease, so it is none of a member's: delete it", holder);
        }
        return new MemberIdInUseException(
                key(),
                "another live process is a member under this id: its lease is " + Long.toHexString(holder.leaseId())
                        + ", and it has been there since revision " + holder.joined()
                        + "; give each process an id of its own, or wait for the TTL of one that has died",
                holder);
    }

    /** Whether a key that is bound to this lease is its own. */
    boolean owns(long lease) {
        return leases.contains(lease);
    }

    Wanted wanted() {
        return wanted;
    }

    String key() {
        return keys.key(id);
    }

    MemberKeys keys() {
        return keys;
    }

    boolean hasJoined() {
        return states.now() != State.JOINING;
    }

    // What its stay tells, on the session's serializer

    void joined() {
        if (states.change(State.JOINED)) {
            log.debug("{}: is a member", this);
        }
    }

    /** It is not there, and its stay goes on. */
    void missing(RecipeException why) {
        note(why);
        if (states.change(State.REJOINING)) {
            log.warn("{}: is no member, and joins again: {}", this, why.getMessage());
        }
    }

    void left() {
        end(null);
    }

    /** The stay is over, though it had not left. */
    void failed(RuntimeException why) {
        boolean lost = why instanceof SessionLostException;
        boolean again;
        lock.lock();
        try {
            again = !closed && hasJoined() && (outlivesSessions || !lost);
            stay = null;
        } finally {
            lock.unlock();
        }
        if (again) {
            note(why);
            states.change(State.REJOINING);
            log.info("{}: joins again: {}", this, why.getMessage());
            rejoining.start(!lost);
        } else {
            end(lost && rejoining.isStopped() ? null : why);
        }
    }

    void note(Throwable why) {
        lastFailure = why;
    }

    // Its end

    /** Without waiting for it. A session that lives may have a key of its own, also where it is between two stays. */
    private void leave() {
        Stay present;
        boolean between;
        lock.lock();
        try {
            closed = true;
            EtcdSession with = session;
            between = stay == null && with != null && !with.state().isFinal() && !over.isDone();
            present = between && with != null ? begin(with) : stay;
        } finally {
            lock.unlock();
        }
        rejoining.stop();
        states.change(State.CLOSED);
        if (present == null) {
            end(null);
            return;
        }
        if (between) {
            present.start();
        }
        present.leave();
    }

    /** Nothing comes after this. */
    void end(@Nullable Throwable why) {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        if (why != null && !over.isDone()) {
            note(why);
            log.warn("{}: has ended: {}", this, why.getMessage());
        }
        states.change(State.CLOSED);
        over.complete(null);
        states.execute(() -> {
            if (why == null) {
                ended.complete(null);
            } else {
                ended.completeExceptionally(why);
            }
        });
    }

    /** Runs something when it has ended; a short task. */
    void whenOver(Runnable task) {
        var unused = over.thenRun(task);
    }

    /** One that is leaving is waited for whatever the timeout, for as long as etcd may take to answer. */
    boolean awaitOver(Duration timeout) throws InterruptedException {
        boolean leaving = states.now() == State.CLOSED && timeout.compareTo(closeTimeout) < 0;
        try {
            var unused = over.get(Math.max(0, (leaving ? closeTimeout : timeout).toNanos()), TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    // Seat

    @Override
    public String id() {
        return id;
    }

    @Override
    public String value() {
        return wanted.value();
    }

    @Override
    public State state() {
        State now = states.now();
        EtcdSession with = session;
        return now == State.JOINED && with != null && with.state().isFinal() ? State.REJOINING : now;
    }

    @Override
    public boolean update(String value) {
        var unused = MemberKeys.value(value);
        Stay present;
        long number;
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException(this + " is closed: join again");
            }
            number = wanted.number() + 1;
            wanted = new Wanted(value, number);
            present = stay;
        } finally {
            lock.unlock();
        }
        return present != null && present.awaitWritten(number);
    }

    @Override
    public void onState(Consumer<? super State> listener) {
        states.add(listener);
    }

    @Override
    public Optional<Throwable> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }

    @Override
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    @Override
    public void close() {
        leave();
        Await.quietly(over, closeTimeout);
        if (!over.isDone()) {
            log.warn(
                    "{}: etcd has not confirmed within {} that it has left; it is sent until then", this, closeTimeout);
        }
    }

    @Override
    public String toString() {
        return "Seat '" + id + "' of " + EtcdMembership.RECIPE + " '" + keys.group() + "'";
    }
}
