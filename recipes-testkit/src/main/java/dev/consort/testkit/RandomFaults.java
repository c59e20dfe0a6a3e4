/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Faults of an {@link EmbeddedEtcd} that a seed chooses: which of its unary calls are struck, and by what.
 *
 * <pre>{@code
 * try (RandomFaults faults = etcd.faults().random().with(Kind.LOSE_REPLY, Kind.CHANGE_LEADER).oneIn(10).start()) {
 *     faults.during(() -> {
 *         ... // what the service must stand
 *     });
 * }
 * }</pre>
 *
 * <p>The lot of call number N is decided by the seed and N, in the order in which the calls arrive: it is the same again
 * as far as the clients do the same again. What fails in {@link #during} says the seed; set the system property
 * {@value #SEED} to it to have {@link EmbeddedFaults#random()} choose it again. This class is threadsafe.
 */
public final class RandomFaults implements AutoCloseable {
    /** The system property with the seed of {@link EmbeddedFaults#random()}: a number; a random one if not set. */
    public static final String SEED = "consort.faults.seed";

    /** What may happen at a call. */
    public enum Kind {
        /** As {@link MatchedCalls#loseRequest}. */
        LOSE_REQUEST(4),
        /** As {@link MatchedCalls#loseReply}. */
        LOSE_REPLY(6),
        /** As {@link MatchedCalls#delay}. */
        DELAY(4),
        /** As {@link MatchedCalls#landLate}. */
        LAND_LATE(4),
        /** As {@link MatchedCalls#duplicateAfter}. */
        DUPLICATE(2),
        /** As {@link EmbeddedFaults#breakStreams} of watches, before the call is served. */
        BREAK_WATCHES(2),
        /** As {@link EmbeddedFaults#dropConnections}, before the call is served. */
        DROP_CONNECTIONS(1),
        /** As {@link EmbeddedFaults#changeLeader}, before the call is served. */
        CHANGE_LEADER(1),
        /** As {@link EmbeddedFaults#compact} up to now, before the call is served. */
        COMPACT(1),
        /** As {@link EmbeddedFaults#expireLease} of one that lives, before the call is served. */
        EXPIRE_LEASE(1);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        /** How often it is chosen in proportion to the others, if not told otherwise. */
        public int weight() {
            return weight;
        }
    }

    /**
     * A fault that has struck.
     *
     * @param call the number of the call, from 1
     * @param method its method, such as {@code KV/Txn}
     * @param kind what happened
     */
    public record Struck(long call, String method, Kind kind) {}

    /**
     * What is run under faults.
     *
     * @param <X> what it throws
     */
    @FunctionalInterface
    public interface Code<X extends Throwable> {
        /** Runs. */
        void run() throws X;
    }

    private static final int MOST_SHOWN = 20;

    private final long seed;
    private final EmbeddedEtcdState etcd;
    private final CallMatcher among;
    private final int oneIn;
    private final int limit;
    private final long longestDelay;
    private final List<Kind> kinds = new ArrayList<>();
    private final Consumer<RandomFaults> onClose;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Random random;

    @GuardedBy("lock")
    private final List<Struck> struck = new ArrayList<>();

    @GuardedBy("lock")
    private long calls;

    private volatile boolean over;

    /** What faults need to know of the server. */
    interface EmbeddedEtcdState {
        long revision();

        List<Long> leases();

        EmbeddedFaults faults();
    }

    RandomFaults(RandomFaultsBuilder settings, EmbeddedEtcdState etcd, Consumer<RandomFaults> onClose) {
        this.seed = settings.seed();
        this.etcd = etcd;
        this.among = settings.among();
        this.oneIn = settings.oneIn();
        this.limit = settings.calls();
        this.longestDelay = settings.longestDelay().toNanos();
        this.onClose = onClose;
        this.random = new Random(seed);
        for (Map.Entry<Kind, Integer> weight : settings.weights().entrySet()) {
            for (int i = 0; i < weight.getValue(); i++) {
                kinds.add(weight.getKey());
            }
        }
    }

    /** By which they were chosen. */
    public long seed() {
        return seed;
    }

    /** What has happened so far. */
    public List<Struck> struck() {
        lock.lock();
        try {
            return List.copyOf(struck);
        } finally {
            lock.unlock();
        }
    }

    /** Runs code; what it throws gets this, with the seed, as a suppressed exception, and so is printed with it. */
    public <X extends Throwable> void during(Code<X> code) throws X {
        try {
            code.run();
        } catch (Throwable failure) {
            failure.addSuppressed(new FaultsThatStruck(this));
            throw failure;
        }
    }

    /** A note of the faults that struck before something failed. */
    private static final class FaultsThatStruck extends RuntimeException {
        private static final long serialVersionUID = 1;

        FaultsThatStruck(RandomFaults faults) {
            super("under " + faults, null, false, false);
        }
    }

    /** What strikes a call, if anything does that has to do with the call itself. */
    @Nullable
    CallFault lot(MethodDescriptor<?, ?> method, Object message) {
        if (over || !among.matches(method, message)) {
            return null;
        }
        Kind kind;
        Duration delay;
        long choice;
        lock.lock();
        try {
            if (calls >= limit) {
                return null;
            }
            calls++;
            // As many numbers for each call, so that the lot of the next one does not depend on this one's.
            boolean strikes = random.nextInt(oneIn) == 0;
            kind = kinds.get(random.nextInt(kinds.size()));
            delay = Duration.ofNanos((long) (random.nextDouble() * longestDelay));
            choice = random.nextInt(Integer.MAX_VALUE);
            if (!strikes) {
                return null;
            }
            struck.add(new Struck(calls, MethodNames.simple(method.getFullMethodName()), kind));
        } finally {
            lock.unlock();
        }
        return switch (kind) {
            case LOSE_REQUEST -> CallFault.lostRequest(CallMatcher.any(), 1);
            case LOSE_REPLY -> fault(CallFault.Kind.LOSE_REPLY, delay);
            case DELAY -> fault(CallFault.Kind.HOLD, delay);
            case LAND_LATE -> fault(CallFault.Kind.LATE, delay);
            case DUPLICATE -> fault(CallFault.Kind.DUPLICATE, delay);
            default -> {
                happen(kind, choice);
                yield null;
            }
        };
    }

    private static CallFault fault(CallFault.Kind kind, Duration delay) {
        return new CallFault(CallMatcher.any(), 1, kind, null, delay);
    }

    private void happen(Kind kind, long choice) {
        EmbeddedFaults faults = etcd.faults();
        try {
            switch (kind) {
                case BREAK_WATCHES -> faults.breakStreams("Watch/Watch");
                case DROP_CONNECTIONS -> faults.dropConnections();
                case CHANGE_LEADER -> faults.changeLeader();
                case COMPACT -> faults.compact(etcd.revision());
                case EXPIRE_LEASE -> {
                    List<Long> leases = etcd.leases();
                    if (!leases.isEmpty()) {
                        faults.expireLease(leases.get((int) (choice % leases.size())));
                    }
                }
                default -> throw new IllegalArgumentException(kind.toString());
            }
        } catch (StatusRuntimeException e) {
            // It is compacted, or the lease gone, already.
        }
    }

    void stop() {
        over = true;
    }

    /** Strikes no further call. What is held back already lands at its time. Further calls have no effect. */
    @Override
    public void close() {
        stop();
        onClose.accept(this);
    }

    /** With the seed and the latest faults. */
    @Override
    public String toString() {
        lock.lock();
        try {
            return "RandomFaults of seed " + seed + " (-D" + SEED + "=" + seed + "): " + struck.size() + " of " + calls
                    + " calls"
                    + (struck.isEmpty() ? "" : ", the last ones ")
                    + struck.subList(Math.max(0, struck.size() - MOST_SHOWN), struck.size()).stream()
                            .map(one -> one.kind() + " at call " + one.call() + " " + one.method())
                            .toList();
        } finally {
            lock.unlock();
        }
    }
}
