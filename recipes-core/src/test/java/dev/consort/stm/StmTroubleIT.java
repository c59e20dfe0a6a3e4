/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static dev.consort.core.internal.Waits.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EmbeddedEtcd;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Transactions that are interrupted, cancelled, cut off from etcd, or overtaken by a compaction. */
class StmTroubleIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party here = new Party(etcd);
    private static final Party there = new Party(etcd);
    private static final ExecutorService threads = Executors.newCachedThreadPool();

    private final String p = Party.fresh();
    private final Stm stm = Stm.on(here.connection);

    @AfterEach
    void calm() {
        here.faults.clear();
    }

    @AfterAll
    static void leave() {
        threads.shutdownNow();
        there.close();
        here.close();
        etcd.close();
    }

    private static CallMatcher reads() {
        return CallMatcher.method("KV/Range");
    }

    private static CallMatcher commits() {
        return CallMatcher.method("KV/Txn");
    }

    // interrupts

    @Test
    void interrupted_before_runsNothing() {
        AtomicInteger ran = new AtomicInteger();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> stm.run(tx -> ran.incrementAndGet()));
        assertThat(Thread.interrupted()).isFalse();
        assertThat(ran).hasValue(0);
    }

    @Test
    void interrupted_inTheBody_writesNothing() {
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    tx.put(p + "a", "x");
                    Thread.currentThread().interrupt();
                }));
        assertThat(Thread.interrupted()).isFalse();
        assertThat(there.value(p + "a")).isEmpty();
    }

    /** I9, also when the body catches everything. */
    @Test
    void interrupted_inARead_endsWithoutWaitingForTheAnswer() throws Exception {
        assertPrompt(Duration.ofMillis(900), this::timeToInterruptARead);
    }

    private Duration timeToInterruptARead() throws Exception {
        CallFault hangs = here.faults.every(reads()).hangReply();
        AtomicReference<Thread> runner = new AtomicReference<>();
        var running = threads.submit(() -> {
            runner.set(Thread.currentThread());
            assertThatExceptionOfType(InterruptedException.class)
                    .isThrownBy(() -> stm.runWithoutResult(tx -> {
                        assertThatThrownBy(() -> tx.get(p + "a")).hasMessageContaining("is over");
                        assertThatThrownBy(() -> tx.put(p + "a", "x")).hasMessageContaining("is over");
                    }));
            return Thread.interrupted();
        });
        hangs.hit().get(10, TimeUnit.SECONDS);
        long start = System.nanoTime();
        Objects.requireNonNull(runner.get()).interrupt();
        assertThat(running.get(10, TimeUnit.SECONDS)).isFalse();
        Duration took = since(start); // an attempt takes 1 s, and the operation 5 s
        hangs.stop();
        assertThat(there.value(p + "a")).isEmpty();
        return took;
    }

    @Test
    void interrupted_betweenAttempts_writesNothing() {
        AtomicInteger ran = new AtomicInteger();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> stm.runWithoutResult(tx -> {
                    tx.get(p + "a");
                    there.put(p + "a", Integer.toString(ran.incrementAndGet()));
                    tx.put(p + "a", "mine");
                    if (ran.get() == 3) {
                        interruptSoon(Thread.currentThread());
                    }
                }));
        assertThat(there.value(p + "a")).isNotEqualTo("mine");
    }

    /** When this attempt's commit is answered: the conflict, and a pause. */
    private static void interruptSoon(Thread thread) {
        CallFault refused = here.faults.next(commits()).delay(Duration.ZERO);
        var unused = refused.landed().thenRun(thread::interrupt);
    }

    /** What is on its way is waited for, and the interrupt kept. */
    @Test
    void interrupted_duringTheCommit_returnsItsOutcomeWithTheFlagSet() throws Exception {
        stm.runWithoutResult(tx -> tx.put(p + "first", "x"));
        CallFault held = here.faults.next(commits()).hold();
        AtomicReference<Thread> runner = new AtomicReference<>();
        var running = threads.submit(() -> {
            runner.set(Thread.currentThread());
            stm.runWithoutResult(tx -> tx.put(p + "a", "x"));
            return Thread.interrupted();
        });
        held.hit().get(10, TimeUnit.SECONDS);
        Objects.requireNonNull(runner.get()).interrupt();
        held.release();
        assertThat(running.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(there.value(p + "a")).hasValue("x");
    }

    // etcd out of reach

    /** Does not wait long. */
    private static Connection impatient() {
        return Connection.to(etcd.endpoint())
                .requestTimeout(Duration.ofMillis(300))
                .open();
    }

    @Test
    void read_notAnswered_failsTheTransactionAlsoIfTheBodyCatchesIt() {
        try (Connection connection = impatient()) {
            etcd.faults().every(reads()).loseRequest();
            assertThatExceptionOfType(EtcdUnavailableException.class)
                    .isThrownBy(() -> Stm.on(connection).runWithoutResult(tx -> {
                        try {
                            tx.get(p + "a");
                        } catch (EtcdUnavailableException e) {
                            tx.put(p + "a", "x");
                        }
                    }))
                    .withMessageContainingAll("Stm '" + p + "a'", etcd.endpoint());
        } finally {
            etcd.faults().clear();
        }
        assertThat(there.value(p + "a")).isEmpty();
    }

    /** S9: what cannot be known is said to be unknown, by both kinds of call, and is not tried again. */
    @Test
    void commit_neverAnswered_isUnknown() throws InterruptedException {
        AtomicInteger ran = new AtomicInteger();
        Stm.Body<Boolean, RuntimeException> body = tx -> {
            tx.put(p + "a", Integer.toString(ran.incrementAndGet()));
            return true;
        };
        try (Connection connection = impatient()) {
            Stm impatient = Stm.on(connection);
            impatient.runWithoutResult(tx -> tx.put(p + "first", "x"));
            etcd.faults().every(commits()).loseReply();
            assertThatExceptionOfType(OutcomeUnknownException.class)
                    .isThrownBy(() -> impatient.run(body))
                    .withMessageContainingAll("Stm '" + p + "a'", "read before writing");
            assertThat(there.version(p + "a")).isEqualTo(1);
            assertThat(impatient.runAsync(body))
                    .failsWithin(SOON)
                    .withThrowableThat()
                    .withCauseInstanceOf(OutcomeUnknownException.class);
            assertThat(there.version(p + "a")).isEqualTo(2);
            assertThat(ran).hasValue(2);
        } finally {
            etcd.faults().clear();
        }
    }

    /** Only reads: nothing that could be left unknown. */
    @Test
    void lookingAgain_neverAnswered_isUnavailable() {
        try (Connection connection = impatient()) {
            etcd.faults().every(commits()).loseReply();
            assertThatExceptionOfType(EtcdUnavailableException.class)
                    .isThrownBy(() -> Stm.run(connection, Isolation.REPEATABLE_READS, tx -> {
                        tx.get(p + "a");
                        there.put(p + "other", "x"); // so that the reads are of two revisions
                        return tx.get(p + "b");
                    }));
        } finally {
            etcd.faults().clear();
        }
    }

    @Test
    void read_answerLost_isAskedAgain() throws InterruptedException {
        there.put(p + "a", "1");
        CallFault lost = here.faults.loseNextReply(reads());
        String read = stm.run(tx -> tx.get(p + "a").orElseThrow());
        assertThat(read).isEqualTo("1");
        assertThat(lost.hits()).isEqualTo(1);
    }

    // compaction

    @Test
    void snapshotCompacted_isRunAgainWithALaterOne() throws InterruptedException {
        there.put(p + "a", "1");
        there.put(p + "b", "1");
        AtomicInteger ran = new AtomicInteger();
        String seen = stm.run(tx -> {
            String a = tx.get(p + "a").orElseThrow();
            if (ran.incrementAndGet() == 1) {
                there.put(p + "b", "2");
                there.compact(there.revision());
            }
            return a + tx.get(p + "b").orElseThrow();
        });
        assertThat(seen).isEqualTo("12");
        assertThat(ran).hasValue(2);
    }

    @Test
    void snapshotCompactedEachTime_endsWithTheAttempts() {
        there.put(p + "a", "1");
        assertThatExceptionOfType(TransactionConflictException.class)
                .isThrownBy(() -> stm.maxAttempts(2).run(tx -> {
                    tx.get(p + "a");
                    there.put(p + "b", "2");
                    there.compact(there.revision());
                    try {
                        return tx.get(p + "b");
                    } catch (RuntimeException e) {
                        throw new IllegalStateException("wrapped by the body", e);
                    }
                }))
                .satisfies(conflict -> assertThat(conflict.attempts()).isEqualTo(2));
    }

    // async

    @Test
    void async_returnsTheResult_andRunsOnThreadsOfTheConnection() {
        CompletableFuture<String> done = stm.runAsync(tx -> {
            tx.put(p + "a", "x");
            return Thread.currentThread().getName();
        });
        assertThat(done).succeedsWithin(SOON).asString().startsWith("consort-callback");
        assertThat(there.value(p + "a")).hasValue("x");
    }

    @Test
    void async_onAnExecutorOfTheUsers_runsAndCompletesThere() throws Exception {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        try {
            CompletableFuture<List<String>> names = stm.executor(own)
                    .<String>runAsync(tx -> {
                        tx.put(p + "a", "x");
                        return Thread.currentThread().getName();
                    })
                    .thenApply(body -> List.of(body, Thread.currentThread().getName()));
            assertThat(names.get(10, TimeUnit.SECONDS)).first().isEqualTo("mine");
        } finally {
            own.shutdown();
        }
        assertThat(stm.executor(own).runAsync(tx -> true))
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("shut down");
    }

    @Test
    void async_exceptionOfTheBody_failsTheFutureUnchanged() {
        IllegalStateException thrown = new IllegalStateException("mine");
        CompletableFuture<Boolean> failed = stm.runAsync(tx -> {
            tx.put(p + "a", "x");
            throw thrown;
        });
        assertThat(failed).failsWithin(SOON).withThrowableThat().havingCause().isSameAs(thrown);
        assertThat(there.value(p + "a")).isEmpty();
    }

    @Test
    void async_conflicts_areRunAgainWithPausesAndBounded() {
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<Boolean> failed = stm.maxAttempts(4).runAsync(tx -> {
            tx.get(p + "a");
            there.put(p + "a", Integer.toString(ran.incrementAndGet()));
            tx.put(p + "a", "mine");
            return true;
        });
        assertThat(failed)
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(TransactionConflictException.class);
        assertThat(ran).hasValue(4);
    }

    @Test
    void async_cancelled_isNotRunAgain() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        CompletableFuture<Boolean> running = stm.runAsync(tx -> {
            tx.put(p + "a", "x");
            began.countDown();
            cancelled.await(10, TimeUnit.SECONDS);
            return true;
        });
        assertThat(began.await(10, TimeUnit.SECONDS)).isTrue();
        running.cancel(false);
        cancelled.countDown();
        stm.runAsync(tx -> true).get(10, TimeUnit.SECONDS);
        assertThat(there.value(p + "a")).isEmpty();
    }

    @Test
    void async_cancelledBeforeItsTurn_isNotRunAtAll() {
        Deque<Runnable> turns = new ConcurrentLinkedDeque<>();
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<Integer> waiting = stm.executor(turns::add).runAsync(tx -> ran.incrementAndGet());
        waiting.cancel(false);
        turns.removeFirst().run();
        assertThat(ran).hasValue(0);
        assertThat(turns).isEmpty();
    }

    @Test
    void settings_whateverTheirOrder_keepEachOther() {
        List<UnaryOperator<Stm>> settings = List.of(
                one -> one.maxAttempts(1),
                one -> one.isolation(Isolation.SERIALIZABLE),
                one -> one.prefetch(p + "a"),
                one -> one.executor(threads));
        for (int first = 0; first < settings.size(); first++) {
            Stm set = stm;
            for (int i = 0; i < settings.size(); i++) {
                set = settings.get((first + i) % settings.size()).apply(set);
            }
            Stm all = set;
            assertThatExceptionOfType(TransactionConflictException.class)
                    .as("beginning with setting %d", first)
                    .isThrownBy(() -> all.runWithoutResult(tx -> {
                        assertThat(((Attempt) tx).isolation()).isEqualTo(Isolation.SERIALIZABLE);
                        long asked = here.log.counts().unaryCalls();
                        String before = tx.get(p + "a").orElse("");
                        assertThat(here.log.counts().unaryCalls()).isEqualTo(asked);
                        there.put(p + "a", before + "x");
                        tx.put(p + "a", "mine");
                    }))
                    .satisfies(conflict -> assertThat(conflict.attempts()).isEqualTo(1));
        }
    }

    /** As on a machine that is busy, or after a pause of the process: that is no closed connection. */
    @Test
    void timerOfThePause_late_goesOn() throws InterruptedException {
        CompletableFuture<Boolean> awake = new CompletableFuture<>();
        AtomicInteger ran = new AtomicInteger();
        try (Connection connection = impatient()) {
            var unused = EtcdConnection.of(connection).timing().schedule(Duration.ZERO, awake::join);
            Stm.on(connection).runWithoutResult(tx -> {
                tx.get(p + "a");
                if (ran.incrementAndGet() < 3) {
                    there.put(p + "a", Integer.toString(ran.get()));
                }
                tx.put(p + "a", "mine");
            });
            assertThat(awake.complete(true)).isTrue();
        } finally {
            awake.complete(true);
        }
        assertThat(there.value(p + "a")).hasValue("mine");
    }

    /** No timer of a closed connection ever ends a pause. */
    @Test
    void closedInThePause_failsBothKindsOfCall() throws Exception {
        for (boolean async : new boolean[] {true, false}) {
            Party gone = new Party(etcd);
            Stm theirs = Stm.on(gone.connection).maxAttempts(100_000);
            AtomicInteger ran = new AtomicInteger();
            Stm.Body<Boolean, RuntimeException> neverAlone = tx -> {
                tx.get(p + "a");
                there.put(p + "a", Integer.toString(ran.incrementAndGet()));
                tx.put(p + "a", "mine");
                return true;
            };
            var running = async ? theirs.runAsync(neverAlone) : threads.submit(() -> theirs.run(neverAlone));
            await().until(() -> ran.get() > 8);
            gone.close();
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> running.get(10, TimeUnit.SECONDS))
                    .withMessageContaining("closed");
        }
    }
}
