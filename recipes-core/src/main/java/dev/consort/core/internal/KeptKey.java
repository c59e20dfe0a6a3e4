/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.PrefixView.Entry;
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
 * A key that one process keeps in etcd, bound to its session, and puts again whenever it is gone: what outlives the sessions.
 * With each session it has another {@link KeyStay}.
 *
 * <p><b>Guarantees.</b> While it is open and etcd can be reached it comes back: when its session is lost, with the next one;
 * when somebody deletes it, at once; when somebody else has put it, as soon as that one is gone. Its own key of a session that
 * only could not be renewed in time it takes over, so that others see it change and not leave. After {@link #close} it does not
 * come back, whatever lands late.
 *
 * <p>Concurrency: what is guarded by {@link #lock} says so. A stay calls from its session's serializer; user code runs where
 * {@link #states} is told.
 */
public final class KeptKey implements AutoCloseable {
    static final Duration FOREVER = Duration.ofDays(36_500); // in nanoseconds it must fit a long

    private static final Logger log = LoggerFactory.getLogger(KeptKey.class);

    private final SessionFactory sessions;
    private final Terms terms;
    private final Duration closeTimeout;
    private final KeptKeyStates states;
    private final Backoff refusals = NextSession.pauses(); // confined to whoever tells that a stay is over
    private final Set<Long> leases = ConcurrentHashMap.newKeySet(); // under which its key is its own
    private final CompletableFuture<Void> over = new CompletableFuture<>(); // for the engine
    private final CompletableFuture<Void> ended = new CompletableFuture<>(); // for users
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private @Nullable KeyStay stay; // null while it has no session
    // Written with the lock held.
    private volatile boolean closed;
    private volatile Wanted wanted;
    private volatile @Nullable EtcdSession session;
    private volatile @Nullable Throwable lastFailure; // written by whoever has one

    /** The states of such a key. */
    public enum State {
        /** It is put for the first time, which is not over before it is given out. To PRESENT, GONE. */
        ENTERING,
        /** Others see it. To MISSING, GONE. */
        PRESENT,
        /** Its session was lost, or somebody deleted or put it: it comes back. To PRESENT, GONE. */
        MISSING,
        /** It was withdrawn, or cannot come back. Final. */
        GONE
    }

    /** What a recipe says of its key. Immutable. */
    public interface Terms {
        /** For messages. */
        String recipe();

        /** The name that is in use meanwhile. */
        String name();

        /** As the user knows it. */
        String key();

        /** Whether there is another one after a session is lost. */
        boolean outlivesSessions();

        /** Whether it takes the place of somebody else's as it is put for the first time; never when it comes back. */
        boolean takesOver();

        /**
         * May refuse a session.
         *
         * @throws IllegalArgumentException if the key must not be used with it
         */
        void check(EtcdSession session);

        /** What is thrown or noted when somebody else has the key. */
        RecipeException usedBy(Entry holder);

        /** The same, when it is this process. */
        RecipeException usedHere(State state);
    }

    /** The value that was given last. */
    record Wanted(String value, long number) {}

    private KeptKey(SessionFactory sessions, EtcdSession first, Terms terms, String value) {
        this.sessions = sessions;
        this.terms = terms;
        this.wanted = new Wanted(value, 1);
        this.closeTimeout = first.engine().requestTimeout();
        this.states = new KeptKeyStates(terms.toString(), first.executor());
    }

    // Putting it

    /**
     * Puts a key, unless another live process has it.
     *
     * @param sessions where it gets its sessions; to be closed after it
     * @param timeout how long to wait for the key, etcd's answer included; zero or less: for the answer only
     * @throws RecipeException as the terms say, if another one still has it; if etcd does not answer or refuses it, or the session
     *     is lost meanwhile. Nothing is left behind then
     * @throws InterruptedException if interrupted before or while waiting; nothing is left behind then
     */
    public static KeptKey put(SessionFactory sessions, Terms terms, String value, Duration timeout)
            throws InterruptedException {
        EtcdSession first = EtcdSession.of(sessions.session());
        terms.check(first);
        KeptKey kept = new KeptKey(sessions, first, terms, value);
        Duration left = KeptKeys.take(new KeptKeys.Place(first.engine(), terms.key()), kept, timeout);
        kept.enter(first, left);
        return kept;
    }

    private void enter(EtcdSession first, Duration timeout) throws InterruptedException {
        KeyStay entering = begin(first);
        try {
            if (!entering.awaitJoined(timeout)) {
                Entry holder = entering.lastHolder();
                throw holder != null
                        ? terms.usedBy(holder)
                        : new EtcdUnavailableException(
                                terms.recipe(), key(), first.engine().endpoints(), timeout, null);
            }
        } catch (InterruptedException | RuntimeException e) {
            leave();
            throw e;
        }
    }

    private KeyStay begin(EtcdSession with) {
        KeyStay next = new KeyStay(this, with);
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
        if (isClosed()) {
            return;
        }
        EtcdSession next = EtcdSession.of(sessions.session());
        terms.check(next);
        KeyStay begun;
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

    /** Whether a key that is bound to this lease is its own. */
    boolean owns(long lease) {
        return leases.contains(lease);
    }

    Wanted wanted() {
        return wanted;
    }

    Terms terms() {
        return terms;
    }

    String key() {
        return terms.key();
    }

    boolean hasEntered() {
        return states.now() != State.ENTERING;
    }

    /** Whether it now takes the place of whatever is there. */
    boolean takesOver() {
        return terms.takesOver() && !hasEntered();
    }

    // What its stay tells, on the session's serializer

    void joined() {
        if (states.change(State.PRESENT)) {
            log.debug("{}: is there", this);
        }
    }

    /** It is not there, and its stay goes on. */
    void missing(RecipeException why) {
        note(why);
        if (states.change(State.MISSING)) {
            log.warn("{}: is not there, and comes back: {}", this, why.getMessage());
        }
    }

    void left() {
        end(null);
    }

    /** The stay is over, though it had not left. */
    void failed(RuntimeException why) {
        boolean lost = why instanceof SessionLostException;
        boolean leaving;
        EtcdSession former;
        lock.lock();
        try {
            leaving = closed;
            former = session;
            stay = null;
        } finally {
            lock.unlock();
        }
        if (!leaving && former != null && hasEntered() && (terms.outlivesSessions() || !lost)) {
            note(why);
            states.change(State.MISSING);
            log.info("{}: comes back: {}", this, why.getMessage());
            if (lost) {
                refusals.reset();
            }
            NextSession.after(former).add(this, lost ? Duration.ZERO : refusals.after(Duration.ZERO));
        } else {
            end(lost && leaving ? null : why);
        }
    }

    void note(Throwable why) {
        lastFailure = why;
    }

    // Its end

    boolean isClosed() {
        return closed;
    }

    /** Without waiting for it. A session that lives may have a key of its own, also where it is between two stays. */
    private void leave() {
        KeyStay present;
        EtcdSession with;
        boolean between;
        lock.lock();
        try {
            closed = true;
            with = session;
            between = stay == null && with != null && !with.state().isFinal() && !over.isDone();
            present = between && with != null ? begin(with) : stay;
        } finally {
            lock.unlock();
        }
        if (with != null) {
            NextSession.after(with).look();
        }
        states.change(State.GONE);
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
        states.change(State.GONE);
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
        boolean leaving = states.now() == State.GONE && timeout.compareTo(closeTimeout) < 0;
        try {
            var unused = over.get(Math.max(0, (leaving ? closeTimeout : timeout).toNanos()), TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    // What its user asks

    /** The value that was given last. */
    public String value() {
        return wanted.value();
    }

    /** What it is now. After a pause of the process that outlasted the session's deadline the first call says so. */
    public State state() {
        if (closed) {
            return State.GONE; // who was refused as it is closed must not find it there
        }
        State now = states.now();
        EtcdSession with = session;
        return now == State.PRESENT && with != null && with.state().isFinal() ? State.MISSING : now;
    }

    /** The lease that it is bound to, or was last. */
    public long leaseId() {
        EtcdSession with = session;
        return with == null ? 0 : with.leaseId();
    }

    /**
     * Changes the value that others read. Bounded by the request timeout; keeps the interrupt flag. Of changes that follow one
     * another quickly some may be left out, but never the last one.
     *
     * @return true if etcd has it; false if the key is not there now, and will have the value when it is
     * @throws dev.consort.core.OutcomeUnknownException if etcd did not answer in time; the value is sent until it does
     * @throws RecipeException if etcd refused it
     * @throws IllegalStateException if it is closed
     */
    public boolean update(String value) {
        KeyStay present;
        long number;
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException(this + " is closed: make another one");
            }
            number = wanted.number() + 1;
            wanted = new Wanted(value, number);
            present = stay;
        } finally {
            lock.unlock();
        }
        return present != null && present.awaitWritten(number);
    }

    /** Tells a listener the present state and each one from now on, in order and one at a time, on the session's executor. */
    public void onState(Consumer<? super State> listener) {
        states.add(listener);
    }

    /** Why it was not there last; empty if it was all the time. */
    public Optional<Throwable> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }

    /**
     * Completes, on the session's executor, when it was withdrawn and etcd has confirmed that, or its session has ended;
     * exceptionally if it cannot come back though it was not closed, or if etcd refused to delete it.
     */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /**
     * Withdraws it. Waits for etcd to confirm it, up to the request timeout; without an answer it is sent until there is one, or the
     * session ends. Idempotent; keeps the interrupt flag.
     */
    @Override
    public void close() {
        leave();
        Await.quietly(over, closeTimeout);
        if (!over.isDone()) {
            log.warn(
                    "{}: etcd has not confirmed within {} that it is withdrawn; it is sent until then",
                    this,
                    closeTimeout);
        }
    }

    @Override
    public String toString() {
        return terms.toString();
    }
}
