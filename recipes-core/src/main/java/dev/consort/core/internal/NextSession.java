/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the keys of a session get their next one: on a thread of its own, since opening a session blocks. It is one thread however
 * many keys there are, and ends when all of them have a session.
 *
 * <p>Concurrency: what is guarded by {@link #lock} says so; keys are called by the thread, without the lock.
 */
final class NextSession {
    private static final Logger log = LoggerFactory.getLogger(NextSession.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final String former;
    private final Timing timing;
    private final Backoff backoff = pauses(); // confined to the thread
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private final List<Turn> turns = new ArrayList<>();
    private boolean running;
    private long openFrom; // before that no session could be opened
    private CompletableFuture<Boolean> news = new CompletableFuture<>(); // ends a pause

    /** When a key may have its next session. */
    private record Turn(KeptKey key, long from) {}

    private NextSession(EtcdSession former) {
        this.former = former.hexId();
        this.timing = former.timing();
        this.openFrom = timing.nanoTime();
    }

    /** What the keys of a session share. */
    static NextSession after(EtcdSession former) {
        return former.shared("next session", NextSession.class, () -> new NextSession(former));
    }

    /** Those between attempts that fail. */
    static Backoff pauses() {
        return new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    }

    /** One more wants its next session, after a pause. */
    void add(KeptKey key, Duration pause) {
        lock.lock();
        try {
            turns.add(new Turn(key, timing.nanoTime() + pause.toNanos()));
            news.complete(true);
            if (running) {
                return;
            }
            running = true;
        } finally {
            lock.unlock();
        }
        Thread thread = new Thread(this::run, "consort-next-session-" + former);
        thread.setDaemon(true);
        thread.start();
    }

    /** Some key may have been closed. */
    void look() {
        lock.lock();
        try {
            news.complete(true);
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            Turn next;
            long wait;
            CompletableFuture<Boolean> interrupting;
            lock.lock();
            try {
                turns.removeIf(turn -> turn.key().isClosed());
                next = first();
                if (next == null) {
                    running = false;
                    return;
                }
                wait = Math.max(next.from() - timing.nanoTime(), openFrom - timing.nanoTime());
                news = new CompletableFuture<>();
                interrupting = news;
                if (wait <= 0) {
                    turns.remove(next);
                }
            } finally {
                lock.unlock();
            }
            if (wait > 0) {
                pause(interrupting, Duration.ofNanos(wait));
            } else {
                attempt(next.key());
            }
        }
    }

    /** Of those whose turn comes first who came first. */
    private @Nullable Turn first() {
        Turn first = null;
        for (Turn turn : turns) {
            if (first == null || turn.from() - first.from() < 0) {
                first = turn;
            }
        }
        return first;
    }

    private void pause(CompletableFuture<Boolean> interrupting, Duration time) {
        try {
            var unused = timing.await(interrupting, time);
        } catch (InterruptedException | ExecutionException | TimeoutException over) {
            // Whose turn it is is looked at anyway.
        }
    }

    private void attempt(KeptKey key) {
        long start = timing.nanoTime();
        try {
            key.beginAgain();
            backoff.reset();
        } catch (IllegalStateException | IllegalArgumentException e) {
            key.end(e);
        } catch (RuntimeException | Error e) {
            log.debug("{}: has no session, and tries again", key, e);
            long now = timing.nanoTime();
            putOff(key, e, now, backoff.after(Duration.ofNanos(now - start)));
        }
    }

    /** The others have none either, and the next attempt is another one's. */
    private void putOff(KeptKey key, Throwable why, long now, Duration pause) {
        List<Turn> all;
        lock.lock();
        try {
            turns.add(new Turn(key, now));
            openFrom = now + pause.toNanos();
            all = List.copyOf(turns);
        } finally {
            lock.unlock();
        }
        all.forEach(turn -> turn.key().note(why));
    }
}
