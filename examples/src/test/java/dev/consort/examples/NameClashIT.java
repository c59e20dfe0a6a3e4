/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.google.errorprone.annotations.Immutable;
import dev.consort.barrier.Barrier;
import dev.consort.barrier.DistributedCyclicBarrier;
import dev.consort.barrier.DistributedLatch;
import dev.consort.barrier.DoubleBarrier;
import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderElection;
import dev.consort.election.Membership;
import dev.consort.job.ClusteredJob;
import dev.consort.lock.DistributedSemaphore;
import dev.consort.lock.MultiMutex;
import dev.consort.lock.Mutex;
import dev.consort.lock.ReadWriteLock;
import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Names that clash with another recipe's keys are refused while both are in use, whichever comes first, and through whichever
 * session of a connection.
 */
class NameClashIT {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Connection connection = Connection.to(etcd.endpoints().get(0))
            .connectTimeout(Duration.ofSeconds(30))
            .open();
    private static final Session session = Session.builder(connection).open();
    private static final SessionFactory sessions = SessionFactory.of(Session.builder(connection));

    @BeforeAll
    static void open() {
        sessions.session();
    }

    @AfterAll
    static void close() {
        sessions.close();
        session.close();
        connection.close();
        etcd.close();
    }

    /** Uses a name until it is closed. */
    private interface Held extends AutoCloseable {
        @Override
        void close();
    }

    @Immutable
    private interface Use {
        Held begin(Session through, String name) throws Exception;
    }

    /** Who uses names. */
    private enum Recipe {
        MUTEX("Mutex", (through, name) -> Mutex.create(through, name).acquire()::close),
        MULTI_MUTEX(
                "MultiMutex",
                (through, name) -> MultiMutex.create(through, List.of(name, "other/" + name))
                        .acquire()::close),
        LEADER_ELECTION(
                "LeaderElection",
                (through, name) -> LeaderElection.create(through, name).campaign("me")::close),
        READ_WRITE_LOCK(
                "ReadWriteLock",
                (through, name) ->
                        ReadWriteLock.create(through, name).readLock().acquire()::close),
        DISTRIBUTED_SEMAPHORE(
                "DistributedSemaphore",
                (through, name) -> DistributedSemaphore.create(through, name, 2).acquire()::close),
        BARRIER(
                "Barrier",
                (through, name) -> waiting(name, Barrier.create(through, name).holdAsync())),
        DOUBLE_BARRIER(
                "DoubleBarrier",
                (through, name) ->
                        waiting(name, DoubleBarrier.create(through, name, 2).enterAsync())),
        DISTRIBUTED_CYCLIC_BARRIER(
                "DistributedCyclicBarrier",
                (through, name) -> waiting(
                        name, DistributedCyclicBarrier.create(through, name, 2).awaitAsync())),
        DISTRIBUTED_LATCH(
                "DistributedLatch",
                (through, name) -> waiting(
                        name, DistributedLatch.create(connection, name, 2).awaitAsync())),
        MEMBERSHIP(
                "Membership",
                (through, name) -> Membership.create(through, name).join("me", "")::close),
        CLUSTERED_JOB(
                "ClusteredJob",
                (through, name) -> ClusteredJob.builder(sessions, name)
                        .every(Duration.ofHours(1))
                        .run(run -> {})::close);

        private static final Set<Recipe> ALIKE = Set.of(MUTEX, MULTI_MUTEX, LEADER_ELECTION);

        private final String text;
        private final Use use;

        Recipe(String text, Use use) {
            this.text = text;
            this.use = use;
        }

        @Override
        public String toString() {
            return text;
        }

        boolean shares(Recipe other) {
            return this == other || (ALIKE.contains(this) && ALIKE.contains(other));
        }
    }

    /** A wait that takes its name into use as soon as the engine comes to it. */
    private static Held waiting(String name, CompletableFuture<?> wait) throws InterruptedException {
        soon(() -> wait.isDone() || keys(name).stream().anyMatch(key -> !isClaim(key)));
        try {
            // Those keys may be another one's; a refusal waits for nobody but the engine's thread.
            Object held = wait.get(50, TimeUnit.MILLISECONDS);
            return held instanceof Grant grant ? grant::close : () -> wait.cancel(false);
        } catch (TimeoutException waits) {
            return () -> wait.cancel(false);
        } catch (ExecutionException e) {
            throw (RuntimeException) e.getCause();
        }
    }

    private static void soon(Callable<Boolean> condition) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(condition);
    }

    /** A job's, which is there before. */
    private static boolean isClaim(String key) {
        return key.endsWith("/" + Long.toHexString(sessions.session().leaseId()));
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static List<String> keys(String name) {
        GetOption all = GetOption.builder().isPrefix(true).build();
        return connection.client().getKVClient().get(bytes(name + "/"), all).join().getKvs().stream()
                .map(kv -> kv.getKey().toString(UTF_8))
                .toList();
    }

    /** What recipes leave for the next one of theirs. */
    private static void deleteKeys(String name) {
        DeleteOption all = DeleteOption.builder().isPrefix(true).build();
        var unused =
                connection.client().getKVClient().delete(bytes(name + "/"), all).join();
    }

    /** What was given up without waiting for etcd's answer is in use until that comes. */
    private static Held soon(Recipe recipe, Session through, String name) {
        AtomicReference<Held> use = new AtomicReference<>();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .ignoreException(IllegalArgumentException.class)
                .until(() -> {
                    use.set(recipe.use.begin(through, name));
                    return true;
                });
        return Objects.requireNonNull(use.get());
    }

    private static void refused(Recipe first, String firstName, Recipe second, String secondName) {
        for (Session through : List.of(session, sessions.session())) {
            assertThatIllegalArgumentException()
                    .as("%s '%s' beside %s '%s'", second, secondName, first, firstName)
                    .isThrownBy(() -> second.use.begin(through, secondName))
                    .satisfies(e -> assertThat(e.getMessage())
                            .contains(second + " name '" + secondName + "'", " a " + first, "'" + firstName + "'"));
        }
    }

    @ParameterizedTest
    @EnumSource(Recipe.class)
    void eachOther_ofTheSameNameOrOneThatNests_isRefused_untilItsUseEnds(Recipe first) throws Exception {
        String root = "clash/" + first;
        String name = root + "/a";
        try (Held use = first.use.begin(session, name)) {
            for (Recipe second : Recipe.values()) {
                refused(first, name, second, name + "/b/c");
                refused(first, name, second, root);
                if (!first.shares(second)) {
                    refused(first, name, second, name);
                }
            }
            assertThat(use).isNotNull();
        }
        List<Recipe> all = List.of(Recipe.values());
        Recipe next = all.get((all.indexOf(first) + 3) % all.size());
        deleteKeys(name);
        soon(next, sessions.session(), name).close();
        deleteKeys(name);
        soon(next, session, root).close();
        deleteKeys(root);
    }

    @ParameterizedTest
    @EnumSource(
            value = Recipe.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"LEADER_ELECTION", "CLUSTERED_JOB"})
    void aJobsOwnQueue_isNobodyElses(Recipe other) throws Exception {
        String name = "jobs/" + other;
        try (Held job = Recipe.CLUSTERED_JOB.use.begin(session, name)) {
            refused(Recipe.CLUSTERED_JOB, name, other, name + "/leader");
            refused(Recipe.CLUSTERED_JOB, name, other, name + "/job");
            assertThat(job).isNotNull();
        }
        deleteKeys(name);
        try (Held use = soon(other, session, name + "/leader")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Recipe.CLUSTERED_JOB.use.begin(session, name))
                    .withMessageContaining(
                            "ClusteredJob name '" + name + "' nests with '" + name + "/leader' of a " + other);
            assertThat(use).isNotNull();
        }
        deleteKeys(name);
    }

    /** Other names, and names one of which only begins like the other. */
    @Test
    void namesThatDoNotNest_areNotRefused() throws Exception {
        for (Recipe recipe : Recipe.values()) {
            try (Held one = Recipe.MUTEX.use.begin(session, "apart/" + recipe);
                    Held two = recipe.use.begin(session, "apart/" + recipe + "s")) {
                assertThat(List.of(one, two)).hasSize(2);
            }
        }
    }
}
