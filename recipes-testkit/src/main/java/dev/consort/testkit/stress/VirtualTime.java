/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A simulation of discrete events: time is what the next event says it is, and goes on only while the arena's thread waits
 * for something. Events of one time happen in the order in which they were asked for.
 *
 * <p>Concurrency: exactly one thread runs at a time, the arena's or that of an {@link Actor} which it has resumed and waits
 * for; the semaphores between them order what each sees.
 */
final class VirtualTime implements AutoCloseable {
    /** Something that happens later. */
    static final class Event {
        private final @Nullable VirtualProcess process;
        private final long number;
        private final Runnable action;
        private long due;
        private boolean cancelled;

        private Event(@Nullable VirtualProcess process, long due, long number, Runnable action) {
            this.process = process;
            this.due = due;
            this.number = number;
            this.action = action;
        }

        void cancel() {
            cancelled = true;
        }
    }

    /** A thread for code that blocks. */
    private static final class Actor {
        private final Semaphore go = new Semaphore(0);
        private long waits;
        private boolean parked;
        private boolean abandoned;
    }

    private static final ThreadLocal<@Nullable Actor> CURRENT = new ThreadLocal<>();

    /** Beyond that a schedule does not come to rest: it would take minutes of real time. */
    private static final int MOST_EVENTS = 3_000_000;

    private static final long LONGEST_SLOWNESS = 3_000_000;

    /** Just before {@code nanoTime} overflows, as it may. */
    private static final long ORIGIN = Long.MAX_VALUE - Duration.ofSeconds(7).toNanos();

    private final Queue<Event> events = new PriorityQueue<>(
            (a, b) -> a.due == b.due ? Long.compare(a.number, b.number) : Long.compare(a.due, b.due));
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "consort-virtual");
        thread.setDaemon(true);
        return thread;
    });
    private final Semaphore back = new Semaphore(0);
    private final Set<Actor> actors = new LinkedHashSet<>();
    private Thread owner = Thread.currentThread();
    private Random random = new Random(0);
    private Runnable afterEach = () -> {};
    private long now;
    private long numbers;
    private int happened;

    /** Begins again with another seed, for the present thread: nothing is due any more. */
    void begin(Random newRandom, Runnable newAfterEach) {
        abandonAll();
        owner = Thread.currentThread();
        events.clear();
        random = newRandom;
        afterEach = newAfterEach;
        happened = 0;
    }

    /** Since the beginning, in nanoseconds. */
    long elapsed() {
        return now;
    }

    long nanoTime() {
        return ORIGIN + now;
    }

    long random(long bound) {
        return (long) (random.nextDouble() * bound);
    }

    Event at(@Nullable VirtualProcess process, long due, Runnable action) {
        checkThread();
        Event event = new Event(process, Math.max(due, now), numbers++, action);
        events.add(event);
        return event;
    }

    Event after(@Nullable VirtualProcess process, Duration delay, Runnable action) {
        return at(process, now + Math.max(0, delay.toNanos()), action);
    }

    /** Lets time pass. */
    void pass(Duration time) {
        boolean unused = passUntil(() -> false, time);
    }

    /** Lets time pass until something is so, or at most so much; whether it is so. */
    boolean passUntil(BooleanSupplier done, Duration atMost) {
        long end = now + Math.min(atMost.toNanos(), Long.MAX_VALUE / 4);
        while (!done.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.due > end) {
                now = Math.max(now, end);
                return done.getAsBoolean();
            }
            events.remove();
            happen(next);
        }
        return true;
    }

    private void happen(Event event) {
        if (event.cancelled) {
            return;
        }
        now = Math.max(now, event.due);
        if (event.process != null && event.process.stalledUntil() > now) {
            event.due = event.process.stalledUntil();
            events.add(event);
            return;
        }
        if (++happened > MOST_EVENTS) {
            throw new AssertionError("does not come to rest: " + MOST_EVENTS + " things have happened");
        }
        event.action.run();
        afterEach.run();
    }

    /** Runs what may block by {@link #await} on a thread of its own, from the next moment on. */
    void execute(@Nullable VirtualProcess process, Runnable blocking) {
        Actor actor = new Actor();
        at(process, now, () -> {
            threads.execute(() -> {
                actor.go.acquireUninterruptibly();
                CURRENT.set(actor);
                try {
                    blocking.run();
                } catch (CancellationException e) {
                    if (!actor.abandoned) {
                        throw e;
                    }
                } finally {
                    CURRENT.remove();
                    actors.remove(actor);
                    back.release();
                }
            });
            actors.add(actor);
            resume(actor);
        });
    }

    private void resume(Actor actor) {
        actor.go.release();
        back.acquireUninterruptibly();
    }

    private void checkThread() {
        if (!Thread.currentThread().equals(owner) && CURRENT.get() == null) {
            throw new IllegalStateException("virtual time is used by " + Thread.currentThread()
                    + ", which is none of its arena's threads: give the code under test the arena's channel and clock");
        }
    }

    <T> T await(@Nullable VirtualProcess process, CompletableFuture<T> future, Duration timeout)
            throws ExecutionException, TimeoutException {
        checkThread();
        Actor actor = CURRENT.get();
        if (actor == null) {
            boolean unused = passUntil(future::isDone, timeout);
        } else if (!future.isDone()) {
            park(actor, process, future, timeout);
            if (!future.isDone()) {
                // A thread that has waited long enough may be slow to notice: what it waited for comes meanwhile.
                park(actor, process, new CompletableFuture<>(), Duration.ofNanos(random(LONGEST_SLOWNESS)));
                throw new TimeoutException();
            }
        }
        if (!future.isDone()) {
            throw new TimeoutException();
        }
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a virtual thread", e);
        }
    }

    private void park(Actor actor, @Nullable VirtualProcess process, CompletableFuture<?> future, Duration timeout) {
        if (actor.abandoned) {
            throw new CancellationException("the schedule is over");
        }
        long wait = ++actor.waits;
        actor.parked = true;
        Runnable wake = () -> {
            if (actor.parked && actor.waits == wait) {
                actor.parked = false;
                resume(actor);
            }
        };
        Event late = after(process, timeout, wake);
        var unused = future.whenComplete((result, failure) -> at(process, now, wake));
        back.release();
        actor.go.acquireUninterruptibly();
        late.cancel();
        if (actor.abandoned) {
            throw new CancellationException("the schedule is over");
        }
    }

    /** Ends what blocks still, as it does when a schedule has failed. */
    private void abandonAll() {
        for (Actor actor : List.copyOf(actors)) {
            actor.abandoned = true;
            resume(actor);
        }
    }

    @Override
    public void close() {
        abandonAll();
        threads.shutdownNow();
    }
}
