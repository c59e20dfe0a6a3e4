/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Connection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks of a counter, which holds the last number that was reserved by anybody. (!) A block is used only when its reservation is
 * known to have been committed.
 *
 * <p>Concurrency: fields are guarded by {@link #lock}, which is not held while anybody is told.
 */
final class EtcdIdGenerator implements IdGenerator {
    private static final Logger log = LoggerFactory.getLogger(EtcdIdGenerator.class);
    private static final String RECIPE = "IdGenerator";
    private static final int MAX_BLOCK = 1_000_000;

    private final EtcdCounter counter;
    private final int blockSize;
    private final boolean prefetches;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Block> blocks = new ArrayDeque<>();
    private final Deque<CompletableFuture<Long>> waiting = new ArrayDeque<>();
    private long left; // in the blocks
    private boolean reserving;

    /** What is left of a block. */
    private static final class Block {
        private long next;
        private final long end;

        Block(long first, long end) {
            this.next = first;
            this.end = end;
        }
    }

    /** A number for one who waits. */
    private record Given(CompletableFuture<Long> to, long id) {}

    EtcdIdGenerator(Connection connection, String name, int blockSize, boolean prefetches) {
        this.counter = new EtcdCounter(connection, RECIPE, name);
        if (blockSize < 1 || blockSize > MAX_BLOCK) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + name + "': blockSize " + blockSize + " is not within 1.." + MAX_BLOCK);
        }
        this.blockSize = blockSize;
        this.prefetches = prefetches;
    }

    @Override
    public String name() {
        return counter.name();
    }

    @Override
    public long next() {
        return counter.handing().await(take());
    }

    @Override
    public CompletableFuture<Long> nextAsync() {
        CompletableFuture<Long> taken = take();
        return taken.isDone() && !taken.isCompletedExceptionally()
                ? taken
                : counter.handing().async(taken);
    }

    private CompletableFuture<Long> take() {
        CompletableFuture<Long> result;
        long wanted;
        lock.lock();
        try {
            Optional<Long> id = waiting.isEmpty() ? poll() : Optional.empty();
            if (id.isPresent()) {
                result = CompletableFuture.completedFuture(id.get());
            } else {
                result = new CompletableFuture<>();
                waiting.add(result);
            }
            wanted = toReserve();
        } finally {
            lock.unlock();
        }
        reserve(wanted);
        return result;
    }

    /** With the lock held. */
    private Optional<Long> poll() {
        Block block = blocks.peek();
        if (block == null) {
            return Optional.empty();
        }
        long id = block.next++;
        left--;
        if (block.next > block.end) {
            blocks.remove();
        }
        return Optional.of(id);
    }

    /** How many to reserve now, in whole blocks; 0 for none. With the lock held; whoever gets a number reserves it. */
    private long toReserve() {
        boolean low = prefetches && left <= blockSize / 2;
        if (reserving || (waiting.isEmpty() && !low)) {
            return 0;
        }
        reserving = true;
        long needed = Math.max(1, waiting.size());
        return (needed + blockSize - 1) / blockSize * blockSize;
    }

    private void reserve(long count) {
        if (count == 0) {
            return;
        }
        CompletableFuture<Long> reserved;
        try {
            reserved = counter.apply(CounterOperation.add(count));
        } catch (RuntimeException refused) {
            reserved = CompletableFuture.failedFuture(refused);
        }
        var unused = reserved.whenComplete((end, failure) -> reserved(end, count, failure));
    }

    private void reserved(Long end, long count, @Nullable Throwable failure) {
        List<CompletableFuture<Long>> failed = List.of();
        List<Given> given = new ArrayList<>();
        long wanted = 0;
        lock.lock();
        try {
            reserving = false;
            if (failure != null) {
                failed = List.copyOf(waiting);
                waiting.clear();
            } else {
                blocks.add(new Block(end - count + 1, end));
                left += count;
                while (!waiting.isEmpty() && left > 0) {
                    given.add(new Given(waiting.remove(), poll().orElseThrow()));
                }
                wanted = toReserve();
            }
        } finally {
            lock.unlock();
        }
        if (failure != null) {
            log.debug("{} '{}': no block reserved: {}", RECIPE, name(), failure.getMessage());
            failed.forEach(each -> each.completeExceptionally(failure));
        }
        given.forEach(each -> each.to().complete(each.id()));
        reserve(wanted);
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
