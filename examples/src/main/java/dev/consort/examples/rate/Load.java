/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.rate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Contenders that lock and unlock one name as fast as they can, and a check that they exclude each other. */
abstract class Load {
    private final LongAdder pairs = new LongAdder();
    private final AtomicInteger inside = new AtomicInteger();

    /** One contender's lock and unlock, for as long as it is wanted. */
    interface Contender extends AutoCloseable {
        void lockAndUnlock(Runnable critical) throws InterruptedException;

        @Override
        void close();
    }

    /** All contenders on a new name. */
    abstract List<Contender> open(String name);

    final double pairsPerSecond(Duration time) throws InterruptedException {
        String name = "rate/" + Long.toHexString(System.nanoTime());
        List<Contender> contenders = open(name);
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        for (Contender contender : contenders) {
            Thread thread = new Thread(() -> work(contender, stop), "contender");
            thread.start();
            threads.add(thread);
        }
        CountDownLatch never = new CountDownLatch(1);
        boolean ended = never.await(time.toMillis() / 4, TimeUnit.MILLISECONDS); // all contenders are at work by then
        long first = pairs.sum();
        long start = System.nanoTime();
        ended |= never.await(time.toMillis(), TimeUnit.MILLISECONDS);
        double rate = (pairs.sum() - first) * 1e9 / (System.nanoTime() - start);
        stop.set(true);
        for (Thread thread : threads) {
            thread.join(30_000);
            if (thread.isAlive() || ended) {
                throw new IllegalStateException("a contender for '" + name + "' does not end");
            }
        }
        contenders.forEach(Contender::close);
        return rate;
    }

    private void work(Contender contender, AtomicBoolean stop) {
        try {
            while (!stop.get()) {
                contender.lockAndUnlock(this::critical);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void critical() {
        if (inside.incrementAndGet() != 1) {
            throw new IllegalStateException("two contenders hold the lock");
        }
        pairs.increment();
        inside.decrementAndGet();
    }
}
