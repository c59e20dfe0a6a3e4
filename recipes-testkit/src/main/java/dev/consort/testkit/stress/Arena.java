/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.history.ServerHistory;
import dev.consort.testkit.history.ServerHistory.Change;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Where schedules are run one after another, on one server and with sessions that are used again:
 *
 * <pre>{@code
 * Arena arena = Arena.open(etcd.endpoints().get(0), MyContender::new);
 * arena.run(new Schedule(3, 2, List.of(new Step(Kind.ACQUIRE, 0, 0), new Step(Kind.LOSE_REPLY, 0, 0), ...)));
 * }</pre>
 *
 * <p>A schedule's steps are done one after another, and what they begin is not waited for. Afterwards the faults end, every
 * owner gives back, and then every waiter must have been served, every session must be able to own again, no key and no
 * watch may be left, and the history must be linearizable and agree with the server's. Not threadsafe.
 */
public final class Arena implements AutoCloseable {
    private final Stage stage = new RealStage();
    private static final int SEATS = 4;
    private static final String PREFIX = "arena/";

    private final Client operator;
    private final ServerHistory truth;
    private final List<Seat> seats = new ArrayList<>();
    private final ExecutorService threads;
    private final Map<Step.Kind, Long> done = new EnumMap<>(Step.Kind.class);
    private final AtomicLong granted = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private int schedules;

    private Arena(String endpoint, Function<Client, Contender> opener) {
        operator = Client.builder().endpoints(endpoint).build();
        long now = answer(operator.getKVClient().get(bytes(PREFIX))).getHeader().getRevision();
        truth = ServerHistory.since(operator, PREFIX, now + 1);
        for (int i = 0; i < SEATS; i++) {
            seats.add(new ProxiedSeat(endpoint, opener));
        }
        threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "consort-arena");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Opens an arena.
     *
     * @param endpoint of a server of one member, whose history is compacted by schedules
     * @param opener opens a session on a client
     */
    public static Arena open(String endpoint, Function<Client, Contender> opener) {
        return new Arena(endpoint, opener);
    }

    /**
     * Runs a schedule.
     *
     * @throws AssertionError if what must hold afterwards does not, with the history
     */
    public void run(Schedule schedule) {
        schedules++;
        new ScheduleRun(
                        stage,
                        key("q" + schedules),
                        key("rq" + schedules),
                        seats.subList(0, schedule.sessions()),
                        schedule)
                .run();
    }

    /** What all schedules together did: grants, losses, and how often each fault had its effect. */
    public Map<String, Long> tally() {
        Map<String, Long> tally = new TreeMap<>();
        tally.put("schedules", (long) schedules);
        tally.put("granted", granted.get());
        tally.put("lost", lost.get());
        done.forEach((kind, times) -> tally.put(kind.name(), times));
        for (Step.Kind kind : Step.Kind.values()) {
            long hits = seats.stream().mapToLong(seat -> seat.hits(kind)).sum();
            if (hits > 0) {
                tally.put(kind.name(), hits);
            }
        }
        return tally;
    }

    /** The key of a name in this arena. */
    private static String key(String name) {
        return PREFIX + name;
    }

    private final class RealStage implements Stage {
        @Override
        public void count(Step.Kind kind) {
            done.merge(kind, 1L, Long::sum);
        }

        @Override
        public void countGrant() {
            granted.incrementAndGet();
        }

        @Override
        public void countLoss() {
            lost.incrementAndGet();
        }

        @Override
        public Executor threads(Seat seat) {
            return threads;
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void pass(Duration time) {
            try {
                var unused = new CountDownLatch(1).await(time.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }

        @Override
        public void passUntilAny(List<CompletableFuture<?>> pending, Duration atMost) {
            try {
                CompletableFuture.anyOf(pending.toArray(CompletableFuture<?>[]::new))
                        .get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // That it takes longer is what steps are for.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }

        @Override
        public void afterStep() {}

        @Override
        public boolean isAwake(Seat seat) {
            return true;
        }

        @Override
        public boolean isReal() {
            return true;
        }

        @Override
        public void take(Step step, Seat seat, long moment) {
            throw new IllegalArgumentException(step.kind() + " needs a VirtualArena");
        }

        @Override
        public long revision() {
            return answer(operator.getKVClient().get(bytes(PREFIX))).getHeader().getRevision();
        }

        @Override
        public void revoke(long lease) {
            // One that is gone already is as good.
            var unused = answer(operator.getLeaseClient().revoke(lease).handle((revoked, failure) -> true));
        }

        @Override
        public void delete(String key) {
            var unused = answer(operator.getKVClient().delete(bytes(key)));
        }

        @Override
        public void compact() {
            truth.catchUp();
            long now = revision();
            var unused = answer(operator.getKVClient().compact(now).handle((compacted, failure) -> true));
        }

        @Override
        public List<String> keysBelow(String prefix) {
            GetOption all =
                    GetOption.builder().isPrefix(true).withKeysOnly(true).build();
            return answer(operator.getKVClient().get(bytes(prefix), all)).getKvs().stream()
                    .map(kv -> kv.getKey().toString(UTF_8))
                    .toList();
        }

        @Override
        public void heal() {}

        @Override
        public List<Change> changesBelow(String prefix) {
            return truth.changesBelow(prefix);
        }

        @Override
        public void forgetChanges() {
            truth.forget();
        }
    }

    private static <T> T answer(CompletableFuture<T> call) {
        try {
            return call.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new CompletionException("the server does not answer its operator", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        }
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    @Override
    public void close() {
        seats.forEach(Seat::close);
        truth.close();
        operator.close();
        threads.shutdownNow();
    }
}
