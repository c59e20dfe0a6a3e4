/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.Backoff;
import dev.consort.core.internal.Interruption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that each receive, work and acknowledge, until the loop is closed.
 *
 * <p>Concurrency: each worker is confined to its thread but for what stops it. Whoever closes sets {@link #closing} and then stops
 * what is running; a worker announces what can be stopped and then looks at {@link #closing}: so one of them sees the other.
 */
final class ConsumeLoop<T> implements Consumption {
    private static final Logger log = LoggerFactory.getLogger(ConsumeLoop.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /** Before an item is tried again: doubled from attempt to attempt. */
    private static final Duration FIRST_DELAY = Duration.ofMillis(500);

    private static final int MOST_DOUBLINGS = 10;

    private final EtcdWorkQueue<T> queue;
    private final WorkHandler<T> handler;
    private final List<Worker> workers = new ArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch working;
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong redelivered = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicInteger running = new AtomicInteger();
    private volatile @Nullable Throwable lastFailure;

    ConsumeLoop(EtcdWorkQueue<T> queue, int concurrency, WorkHandler<T> handler) {
        this.queue = queue;
        this.handler = handler;
        this.working = new CountDownLatch(concurrency);
        for (int i = 0; i < concurrency; i++) {
            workers.add(new Worker("consort-work-" + queue.name() + "-" + i));
        }
    }

    void start() {
        workers.forEach(worker -> worker.thread.start());
    }

    @Override
    public Counts counts() {
        return new Counts(delivered.get(), redelivered.get(), acknowledged.get(), failed.get(), running.get());
    }

    @Override
    public Optional<Throwable> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }

    @Override
    public boolean drain(Duration timeout) throws InterruptedException {
        if (Objects.requireNonNull(timeout, "timeout").isNegative()) {
            throw new IllegalArgumentException(queue + ": timeout " + timeout + " is negative");
        }
        closing.countDown();
        workers.forEach(Worker::stopReceiving);
        boolean drained = false;
        try {
            drained = working.await(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } finally {
            if (!drained) {
                workers.forEach(Worker::stopWorking);
            }
        }
        return drained;
    }

    @Override
    public void close() {
        try {
            if (!drain(CLOSE_TIMEOUT)) {
                log.warn("{}: handlers still run {} after it was closed; interrupted", queue, CLOSE_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    /** One thread of it. */
    private final class Worker {
        final Thread thread;
        private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
        private volatile @Nullable Interruption receiving;
        private volatile @Nullable Interruption handling;
        private volatile boolean stopped;
        private boolean failing;

        Worker(String name) {
            thread = new Thread(this::loop, name);
            thread.setDaemon(true);
        }

        private void loop() {
            try {
                while (!isClosing()) {
                    receive().ifPresent(this::work);
                }
            } catch (IllegalStateException | IllegalArgumentException e) {
                lastFailure = e; // there will never be a session, or the name cannot be used
                log.error("{}: a worker has ended", queue, e);
            } finally {
                working.countDown();
            }
        }

        private Optional<EtcdDelivery<T>> receive() {
            Interruption interruption = new Interruption();
            receiving = interruption;
            if (isClosing()) {
                return Optional.empty();
            }
            try {
                EtcdDelivery<T> delivery = interruption.during(() -> queue.now().receive());
                backoff.reset();
                failing = false;
                return Optional.of(delivery);
            } catch (InterruptedException e) {
                return Optional.empty();
            } catch (SessionLostException e) {
                retry("its session is lost", e);
                return Optional.empty();
            } catch (IllegalStateException | IllegalArgumentException e) {
                throw e;
            } catch (RuntimeException | Error e) { // a factory may be the user's own, and throw anything
                retry("cannot receive", e);
                return Optional.empty();
            } finally {
                receiving = null;
            }
        }

        private void retry(String what, Throwable why) {
            lastFailure = why;
            if (failing) {
                log.debug("{}: {}", queue, what, why);
            } else {
                log.warn("{}: {}, and tries again: {}", queue, what, why.toString());
            }
            failing = true;
            try {
                var unused = closing.await(backoff.after(Duration.ZERO).toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                log.debug("{}: interrupted while it waited; goes on", queue);
            }
        }

        private void work(EtcdDelivery<T> delivery) {
            delivered.incrementAndGet();
            if (delivery.attempt() > 1) {
                redelivered.incrementAndGet();
            }
            running.incrementAndGet();
            Interruption interruption = new Interruption();
            handling = interruption;
            var unused = delivery.lost().thenRun(interruption::interrupt);
            var unusedToo = delivery.acknowledged().thenRun(acknowledged::incrementAndGet);
            if (stopped) {
                interruption.interrupt();
            }
            boolean handled = false;
            try {
                var unusedResult = interruption.<Boolean, Exception>during(() -> {
                    handler.handle(delivery);
                    return true;
                });
                handled = true;
            } catch (Throwable e) { // an Error as well: the next item may fare better
                failed(delivery, e);
            } finally {
                handling = null;
            }
            if (handled) {
                acknowledge(delivery);
            }
            running.decrementAndGet();
        }

        private void acknowledge(EtcdDelivery<T> delivery) {
            try {
                var unused = delivery.ack(); // unless the handler has done that, or given it back
            } catch (RecipeException e) { // no failure of the handler's
                lastFailure = e;
                log.warn("{}: an item is not acknowledged yet; that is sent until etcd answers", queue, e);
            }
        }

        private void failed(Delivery<T> delivery, Throwable why) {
            lastFailure = why;
            failed.incrementAndGet();
            log.warn("{}: the handler failed at attempt {} of an item", queue, delivery.attempt(), why);
            int doublings = (int) Math.min(MOST_DOUBLINGS, delivery.attempt() - 1);
            try {
                var unused = delivery.nack(FIRST_DELAY.multipliedBy(1L << doublings), why.toString());
            } catch (RecipeException e) {
                log.warn("{}: an item is not given back yet; that is sent until etcd answers", queue, e);
            }
        }

        void stopReceiving() {
            Interruption now = receiving;
            if (now != null) {
                now.interrupt();
            }
        }

        void stopWorking() {
            stopped = true;
            Interruption now = handling;
            if (now != null) {
                now.interrupt();
            }
        }
    }
}
