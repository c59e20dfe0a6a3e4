/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.history.ClaimLives;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Operation;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.history.OwnershipModel;
import dev.consort.testkit.history.ServerHistory;
import dev.consort.testkit.history.ServerHistory.Change;
import dev.consort.testkit.history.Violation;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Clients that own names in turn, each writing its token to the name's register, while members of their cluster are
 * killed and paused and their connections reset and silenced:
 *
 * <pre>{@code
 * Map<String, Long> tally = Chaos.run(MyContender::new, 6, Duration.ofSeconds(20), seed);
 * }</pre>
 *
 * <p>A run counts only if enough was owned before the first fault, and each fault was felt. Afterwards progress must
 * resume on every name, no key may be left, and the histories must be linearizable and agree with the server's.
 */
public final class Chaos implements AutoCloseable {
    private static final String PREFIX = "chaos/";
    private static final int NAMES = 3;
    private static final int LEAST_LOAD = 60;
    private static final Duration WARM_UP = Duration.ofSeconds(15);
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final EtcdProcess cluster;
    private final Client operator;
    private final List<ChaosName> names = new ArrayList<>();
    private final List<ChaosClient> clients = new ArrayList<>();
    private final List<Network> networks = new ArrayList<>();
    private final List<Companion> companions = new ArrayList<>();
    private final Map<String, Long> tally = new TreeMap<>();
    private final long start;

    private Chaos(Function<Client, Contender> opener, int count) {
        cluster =
                EtcdProcess.builder().members(3).shortElection().unsafeNoFsync().start();
        operator = Client.builder()
                .endpoints(cluster.endpoints().toArray(String[]::new))
                .build();
        start = get(PREFIX).getHeader().getRevision();
        for (int i = 0; i < NAMES; i++) {
            names.add(new ChaosName(PREFIX + "q" + i, PREFIX + "r" + i));
        }
        for (int i = 0; i < 2; i++) {
            networks.add(new Network(cluster));
        }
        for (int i = 0; i < count; i++) {
            clients.add(new ChaosClient(i, networks.get(i % 2).endpoints(), opener, names));
        }
    }

    /**
     * Runs chaos on a cluster of its own.
     *
     * @param opener opens a session on a client
     * @param clients how many clients, each with a session
     * @param faults for how long there are faults
     * @param seed of the random choices
     * @return how much was done, and which faults there were
     * @throws AssertionError if what must hold does not
     */
    public static Map<String, Long> run(Function<Client, Contender> opener, int clients, Duration faults, long seed) {
        return run(opener, clients, faults, seed, List.of());
    }

    /**
     * Runs chaos on a cluster of its own, which loses its quorum too, with others than contenders besides.
     *
     * @param opener opens a session on a client
     * @param clients how many clients, each with a session
     * @param faults for how long there are faults
     * @param seed of the random choices
     * @param companions what else runs
     * @return how much was done, and which faults there were
     * @throws AssertionError if what must hold does not
     */
    public static Map<String, Long> run(
            Function<Client, Contender> opener,
            int clients,
            Duration faults,
            long seed,
            List<Companion.Opener> companions) {
        try (Chaos chaos = new Chaos(opener, clients)) {
            chaos.open(companions);
            return chaos.run(faults, seed);
        }
    }

    /**
     * Runs chaos on a cluster of its own, which loses its quorum too, for what is not owned in turn.
     *
     * @param faults for how long there are faults
     * @param seed of the random choices
     * @param companions what runs, of which one at least tells its {@linkplain Companion#troubles() troubles}
     * @return which faults there were
     * @throws AssertionError if what must hold does not
     */
    public static Map<String, Long> run(Duration faults, long seed, List<Companion.Opener> companions) {
        try (Chaos chaos = new Chaos(client -> noContender(), 0)) {
            chaos.open(companions);
            return chaos.run(faults, seed);
        }
    }

    private static Contender noContender() {
        throw new AssertionError("nobody asks for one");
    }

    private void open(List<Companion.Opener> openers) {
        List<List<String>> ways = networks.stream().map(Network::endpoints).toList();
        openers.forEach(each -> companions.add(each.open(ways, operator)));
    }

    private Map<String, Long> run(Duration faults, long seed) {
        clients.forEach(ChaosClient::begin);
        within(
                WARM_UP,
                "a load of " + LEAST_LOAD + " before the first fault",
                () -> (clients.isEmpty() || grants() >= LEAST_LOAD)
                        && companions.stream().allMatch(Companion::isUnderWay));
        tally.put("granted before", grants());
        Troubles troubles = new Troubles(cluster, networks, this::felt, seed, !companions.isEmpty());
        long until = System.nanoTime() + faults.toNanos();
        while (System.nanoTime() - until < 0) {
            tally.merge(troubles.one(), 1L, Long::sum);
        }
        resumed();
        clients.forEach(ChaosClient::end);
        companions.forEach(companion -> System.out.println(companion + ": " + companion.judge()));
        judge();
        tally.put("granted", grants());
        tally.put("lost", clients.stream().mapToLong(ChaosClient::losses).sum());
        return tally;
    }

    private long felt() {
        return clients.stream().mapToLong(ChaosClient::troubles).sum()
                + companions.stream().mapToLong(Companion::troubles).sum();
    }

    private long grants() {
        return names.stream().mapToLong(ChaosName::grants).sum();
    }

    /** I12: when faults have ended, every name is owned again and again. */
    private void resumed() {
        List<Long> before = names.stream().map(ChaosName::grants).toList();
        companions.forEach(Chaos::resumed);
        if (clients.isEmpty()) {
            return;
        }
        within(BOUND, "new owners of every name", () -> {
            for (int i = 0; i < NAMES; i++) {
                if (names.get(i).grants() < before.get(i) + 5) {
                    return false;
                }
            }
            return true;
        });
    }

    private static void resumed(Companion companion) {
        try {
            within(BOUND, "progress", companion::hasResumed);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + " of " + companion, e); // what it says of itself then
        }
    }

    private void judge() {
        // What a session left to its lease goes with it.
        within(
                BOUND,
                "no key is left",
                () -> get("").getKvs().stream()
                        .allMatch(kv -> kv.getKey().toString(UTF_8).startsWith(PREFIX + "r")));
        try (ServerHistory truth = ServerHistory.since(operator, PREFIX, start + 1)) {
            for (ChaosName name : names) {
                List<Operation<Ownership>> told = name.history().operations();
                List<Change> claims = truth.changesBelow(name.key() + "/");
                List<String> found =
                        new ArrayList<>(ClaimLives.violations(claims, truth.changesBelow(name.register()), told));
                Linearizability.violation(name.key(), new OwnershipModel(), told)
                        .map(Violation::report)
                        .ifPresent(found::add);
                if (!found.isEmpty()) {
                    throw new AssertionError(name.key() + ":\n"
                            + String.join("\n", found.subList(0, Math.min(20, found.size()))));
                }
            }
        }
    }

    private GetResponse get(String prefix) {
        try {
            return operator.getKVClient()
                    .get(
                            ByteSequence.from(prefix.isEmpty() ? "\0" : prefix, UTF_8),
                            prefix.isEmpty()
                                    ? GetOption.builder()
                                            .withRange(ByteSequence.from(new byte[] {0}))
                                            .build()
                                    : GetOption.builder().isPrefix(true).build())
                    .get(BOUND.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the cluster does not answer its operator", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    static void within(Duration bound, String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + bound.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + bound.toSeconds() + " s: " + what);
            }
            pause(20);
        }
    }

    static void pause(long millis) {
        try {
            var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        clients.forEach(ChaosClient::stop);
        companions.forEach(Companion::close);
        CompletableFuture<?>[] closed = clients.stream()
                .map(client -> CompletableFuture.runAsync(client::close))
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(closed).get(BOUND.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // They end with the process.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        networks.forEach(Network::close);
        operator.close();
        cluster.close();
    }
}
