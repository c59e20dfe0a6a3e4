/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.RandomFaults;
import dev.consort.testkit.RandomFaults.Kind;
import dev.consort.testkit.history.Operation;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.TransactionCall;
import dev.consort.testkit.history.TransactionIsolation;
import dev.consort.testkit.history.TransactionIsolation.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever transactions run at once, and whatever is lost, late, cut and compacted: only what their level permits. */
@Tag("property")
class StmProperties {
    private static final int CLIENTS = 3;
    private static final int TRANSACTIONS = 3;

    /** Of one client, so that outcomes stay unknown now and then. */
    private static final Duration IMPATIENT = Duration.ofMillis(8);

    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final List<Connection> connections = new ArrayList<>();
    private static final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    private static final Map<Level, Integer> stricter = new EnumMap<>(Level.class);
    private static final Map<String, Integer> tally = new TreeMap<>();
    private static int known; // entries of the log

    @BeforeContainer
    static void open() {
        for (int i = 0; i < CLIENTS; i++) {
            connections.add(Connection.to(etcd.endpoint())
                    .connectTimeout(Duration.ofSeconds(30))
                    .requestTimeout(i == 0 ? IMPATIENT : Duration.ofSeconds(5))
                    .open());
        }
    }

    /** A run counts only if everything in it happened, what the weaker levels permit included. */
    @AfterContainer
    static void close() {
        threads.shutdownNow();
        connections.forEach(Connection::close);
        etcd.close();
        System.out.println("Stm: " + tally + ", bad one level above: " + stricter);
        assertThat(tally).containsKeys("OK", "FAILED", "UNKNOWN", "unknown and applied", "LOSE_REPLY", "COMPACT");
        assertThat(stricter).containsOnlyKeys(Level.SERIALIZABLE, Level.REPEATABLE_READS, Level.READ_COMMITTED);
    }

    private static void count(String what) {
        tally.merge(what, 1, Integer::sum);
    }

    @SuppressWarnings("EnumOrdinal") // The levels are in order.
    @Property(tries = 200, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void transactions_anyWorkAndFaults_showOnlyWhatTheirLevelPermits(@ForAll long seed) throws InterruptedException {
        Level level = Level.values()[Math.floorMod(seed, Level.values().length)];
        RandomWork work = new RandomWork(Party.fresh(), Isolation.valueOf(level.name()));
        known += etcd.logAfter(known).size();
        try (RandomFaults faults = etcd.faults()
                .random(seed)
                .with(
                        Kind.LOSE_REQUEST,
                        Kind.LOSE_REPLY,
                        Kind.DELAY,
                        Kind.LAND_LATE,
                        Kind.DUPLICATE,
                        Kind.DROP_CONNECTIONS,
                        Kind.COMPACT,
                        Kind.EXPIRE_LEASE)
                .oneIn(12)
                .delayUpTo(Duration.ofMillis(5))
                .start()) {
            faults.during(() -> runAll(work, seed));
            faults.struck().forEach(fault -> count(fault.kind().name()));
        }
        List<Operation<TransactionCall>> history = work.history(etcd.logAfter(known));
        history.forEach(one -> {
            count(one.outcome().name());
            if (one.outcome() == Outcome.UNKNOWN) {
                count("unknown and applied");
            }
        });
        assertThat(TransactionIsolation.violation(level, history))
                .as("seed %s at %s", seed, work)
                .isEmpty();
        if (level.ordinal() > 0
                && TransactionIsolation.violation(Level.values()[level.ordinal() - 1], history)
                        .isPresent()) {
            stricter.merge(level, 1, Integer::sum);
        }
    }

    private static void runAll(RandomWork work, long seed) throws InterruptedException {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            int client = i;
            Random random = new Random(seed + i);
            running.add(threads.submit(() -> {
                work.run(client, Stm.on(connections.get(client)), random, TRANSACTIONS);
                return true;
            }));
        }
        for (Future<?> each : running) {
            try {
                each.get(30, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new AssertionError(work.toString(), e);
            }
        }
    }
}
