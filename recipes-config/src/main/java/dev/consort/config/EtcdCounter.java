/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.RangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A counter on one key. One commit is on its way at a time; what callers want meanwhile is gathered, and goes into the next one.
 *
 * <p>Concurrency: what is gathered is guarded by {@link #lock}; what was seen last is confined to the batch on its way.
 */
final class EtcdCounter implements AtomicCounter {
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,19}");
    private static final int SHOWN = 32;

    private final EtcdConnection connection;
    private final Store store;
    private final String recipe;
    private final OneKey key;
    private final Handing handing;
    private final ReentrantLock lock = new ReentrantLock();
    private List<CounterOperation> gathered = new ArrayList<>(); // guarded by lock, like underWay
    private boolean underWay;
    private volatile Seen last = new Seen(0, 0); // of the batch on its way: volatile, since batches change threads

    /** The number as it was last seen, and the revision at which it was written; 0 if it was absent. */
    private record Seen(long value, long revision) {}

    EtcdCounter(Connection connection, String recipe, String name) {
        this.connection = EtcdConnection.of(connection);
        this.recipe = recipe;
        this.key = new OneKey(Names.checked(recipe, name));
        this.store = Store.of(connection, recipe);
        this.handing = Handing.of(store, name);
    }

    @Override
    public String name() {
        return key.name();
    }

    Handing handing() {
        return handing;
    }

    @Override
    public long get() {
        return handing.await(read()).value();
    }

    @Override
    public CompletableFuture<Long> getAsync() {
        return handing.async(read().thenApply(Seen::value));
    }

    @Override
    public long add(long delta) {
        return handing.await(apply(CounterOperation.add(delta)));
    }

    @Override
    public CompletableFuture<Long> addAsync(long delta) {
        return handing.async(apply(CounterOperation.add(delta)));
    }

    @Override
    public boolean compareAndSet(long expected, long value) {
        return handing.await(apply(CounterOperation.replace(expected, value))) == 1;
    }

    @Override
    public CompletableFuture<Boolean> compareAndSetAsync(long expected, long value) {
        return handing.async(apply(CounterOperation.replace(expected, value)).thenApply(told -> told == 1));
    }

    // Batches

    /** Does it with the others that are gathered; completes on gRPC's transport thread. */
    CompletableFuture<Long> apply(CounterOperation operation) {
        return Handing.whileTaken(connection.takeKey(recipe, name()), () -> {
            lock.lock();
            try {
                gathered.add(operation);
                if (underWay) {
                    return operation.result;
                }
                underWay = true;
            } finally {
                lock.unlock();
            }
            next();
            return operation.result;
        });
    }

    private void next() {
        List<CounterOperation> operations;
        lock.lock();
        try {
            underWay = !gathered.isEmpty();
            if (!underWay) {
                return;
            }
            operations = gathered;
            gathered = new ArrayList<>();
        } finally {
            lock.unlock();
        }
        new Batch(operations).run();
    }

    /** Operations that one commit applies. Its steps come one after another. */
    private final class Batch {
        private final List<CounterOperation> operations;
        private final List<Runnable> answers = new ArrayList<>();
        private final long since = connection.timing().nanoTime();
        private boolean fresh; // whether the number was seen since the batch began
        private int attempts;

        Batch(List<CounterOperation> operations) {
            this.operations = operations;
        }

        void run() {
            try {
                attempt();
            } catch (RuntimeException failure) {
                fail(failure);
            }
        }

        private void attempt() {
            Seen before = last;
            long after = applied(before.value());
            if (after != before.value()) {
                commit(before, after);
            } else if (fresh) {
                end();
            } else {
                var unused = read().whenComplete((seen, failure) -> resume(seen, failure, false));
            }
        }

        /** (!) The answers hold for this number only: they are given when it is known to have been that. */
        private long applied(long number) {
            answers.clear();
            long now = number;
            for (CounterOperation operation : operations) {
                long before = now;
                try {
                    now = operation.after(before);
                } catch (ArithmeticException beyond) {
                    answers.add(() -> operation.result.completeExceptionally(overflow(operation.text(before))));
                    continue;
                }
                long told = operation.told(before, now);
                answers.add(() -> operation.result.complete(told));
            }
            return now;
        }

        private void commit(Seen before, long after) {
            attempts++;
            var unused = store.commit(
                            key.replace(store, before.revision(), ByteString.copyFromUtf8(String.valueOf(after))))
                    .whenComplete((outcome, failure) -> {
                        if (failure == null && outcome.applied()) {
                            last = new Seen(after, outcome.revision());
                            end();
                        } else {
                            refused(outcome, failure);
                        }
                    });
        }

        private void refused(@Nullable Outcome outcome, @Nullable Throwable failure) {
            if (outcome == null) {
                resume(null, failure, false);
                return;
            }
            try {
                resume(seen(outcome.found(0)), null, true);
            } catch (RuntimeException malformed) {
                resume(null, malformed, false);
            }
        }

        /** Goes on from the number that etcd has told. */
        private void resume(@Nullable Seen seen, @Nullable Throwable failure, boolean conflict) {
            if (seen == null) {
                fail(failure == null ? new IllegalStateException("no answer") : failure);
                return;
            }
            last = seen;
            fresh = true;
            long spent = connection.timing().nanoTime() - since;
            if (conflict && spent > connection.requestTimeout().toNanos()) {
                fail(new UpdateConflictException(recipe, name(), attempts));
            } else if (conflict && attempts > 1) {
                var unused = handing.pause(attempts).whenComplete((over, closed) -> {
                    if (closed == null) {
                        run();
                    } else {
                        fail(closed);
                    }
                });
            } else {
                run();
            }
        }

        private void end() {
            answers.forEach(Runnable::run);
            next();
        }

        private void fail(Throwable failure) {
            operations.forEach(operation -> operation.result.completeExceptionally(failure));
            next();
        }
    }

    // The number

    private CompletableFuture<Seen> read() {
        return store.range(key.read(store)).thenApply(this::seen);
    }

    private Seen seen(RangeResponse answer) {
        return answer.getKvsList().stream()
                .findFirst()
                .map(kv -> new Seen(number(kv.getValue().toStringUtf8()), kv.getModRevision()))
                .orElse(new Seen(0, 0));
    }

    private long number(String text) {
        if (NUMBER.matcher(text).matches()) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException beyond) {
                // told below
            }
        }
        throw new RecipeException(
                recipe,
                name(),
                "the key holds '" + text.substring(0, Math.min(text.length(), SHOWN))
                        + "', which is no whole number of 64 bits; write one there, or use a name that nobody else does",
                null);
    }

    private RecipeException overflow(String what) {
        return new RecipeException(
                recipe, name(), what + " is beyond the range of a 64-bit number; nothing was changed", null);
    }

    @Override
    public String toString() {
        return recipe + " '" + name() + "'";
    }
}
