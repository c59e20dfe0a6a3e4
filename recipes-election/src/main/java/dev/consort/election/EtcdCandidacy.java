/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.LossReason;
import dev.consort.core.internal.EtcdGrant;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A leader's loop whose task is to lead, and nothing else.
 *
 * <p>Concurrency: {@link #leading} is set by the loop's thread under {@link #lock}, which is held for a few instructions only.
 */
final class EtcdCandidacy implements Candidacy {
    private static final Logger log = LoggerFactory.getLogger(EtcdCandidacy.class);

    private final Listener listener;
    private final CompletableFuture<LossReason> closing = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile @Nullable Leadership leading;
    private final LeaderLoop loop;

    EtcdCandidacy(LeaderLoop.Builder builder, Listener listener) {
        this.listener = listener;
        this.loop = builder.run(this::lead);
    }

    private void lead(Leadership leadership) throws ExecutionException {
        change(leadership);
        try {
            listener.onElected(leadership);
        } catch (RuntimeException | Error e) {
            change(null);
            throw e;
        }
        LossReason reason = end(((EtcdLeadership) leadership).grant());
        change(null);
        try {
            listener.onLost(reason);
        } catch (RuntimeException | Error e) {
            log.error("{}: the listener failed when the leadership was over", this, e);
        }
    }

    /** (!) Waits for the closing itself: the interrupt that comes with it may have been swallowed by the listener. */
    private LossReason end(EtcdGrant grant) throws ExecutionException {
        CompletableFuture<Object> end = CompletableFuture.anyOf(grant.whyOver(), closing);
        while (true) {
            try {
                return (LossReason) end.get();
            } catch (InterruptedException e) {
                // Of the loss, of which the reason follows; of the closing; or of somebody who has nothing to say here.
            }
        }
    }

    private void change(@Nullable Leadership now) {
        lock.lock();
        try {
            leading = now;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isLeader() {
        return leadership().isPresent();
    }

    @Override
    public Optional<Leadership> leadership() {
        return Optional.ofNullable(leading).filter(Leadership::isHeld);
    }

    @Override
    public Optional<Leadership> awaitLeadership(Duration timeout) throws InterruptedException {
        long left = timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0 ? timeout.toNanos() : Long.MAX_VALUE;
        lock.lockInterruptibly();
        try {
            Optional<Leadership> now = leadership();
            while (now.isEmpty() && left > 0 && !closing.isDone()) {
                left = changed.awaitNanos(left);
                now = leadership();
            }
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public LeaderLoop loop() {
        return loop;
    }

    @Override
    public void close() {
        closing.complete(LossReason.CLOSED);
        loop.close();
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "Candidacy in " + loop;
    }
}
