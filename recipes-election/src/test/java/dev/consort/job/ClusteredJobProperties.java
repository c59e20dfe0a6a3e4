/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Commit;
import dev.consort.testkit.EmbeddedEtcd;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Whatever is done, lost, late and harmed: each due time is completed once, in order, none is left out, and who leads no more
 * writes nothing. Judged by what etcd has seen, revision by revision.
 */
@Tag("property")
class ClusteredJobProperties {
    private static final Duration PERIOD = Duration.ofMillis(50);
    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");

    private enum Act {
        REVOKE,
        RESTART,
        LOSE_REQUEST,
        LOSE_REPLY,
        DUPLICATE,
        DELAY,
        BREAK_WATCH,
        COMPACT,
        HOLD,
        TRIGGER,
        THROW,
        PAUSE
    }

    private static final List<Act> ACTS = List.of(Act.values());
    private static final int SHIFTS = 10;
    private static final int JOBS = 20;
    private static final Set<Act> done = ConcurrentHashMap.newKeySet();
    private static final AtomicInteger schedules = new AtomicInteger();
    private static final AtomicInteger completed = new AtomicInteger();
    private static final AtomicInteger again = new AtomicInteger();
    private static final AtomicLong compacted = new AtomicLong();
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Node operator = new Node(etcd);
    private static final List<Node> nodes = List.of(new Node(etcd), new Node(etcd), new Node(etcd));
    private static int known; // entries of etcd's log
    private static final ExecutorService threads = Executors.newFixedThreadPool(JOBS);

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        threads.shutdownNow();
        nodes.forEach(Node::close);
        operator.close();
        etcd.close();
        System.out.println("ClusteredJobProperties: schedules = " + schedules + ", due times completed: " + completed
                + ", begun again: " + again);
        assertThat(done).containsExactlyInAnyOrder(Act.values());
        assertThat(completed).hasValueGreaterThan(1500);
        assertThat(again).as("due times that were begun again").hasValueGreaterThan(100);
    }

    /** Each try is a schedule for each of several jobs, which the same processes run at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void job_anySchedule_completesEachDueTimeOnceInOrder(@ForAll long seed) {
        Random random = new Random(seed);
        known += etcd.logAfter(known).size();
        List<Trial> trials = Stream.generate(() -> new Trial(new Random(random.nextLong())))
                .limit(JOBS)
                .toList();
        atOnce(trials, Trial::run);
        nodes.forEach(node -> node.faults.clear());
        atOnce(trials, Trial::heal);
        List<Commit> log = etcd.logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    private static void atOnce(List<Trial> trials, Consumer<Trial> what) {
        trials.stream()
                .map(trial -> CompletableFuture.runAsync(() -> what.accept(trial), threads))
                .toList()
                .forEach(CompletableFuture::join);
    }

    /** One schedule. */
    private static final class Trial {
        private final Random random;
        private final String name = Node.newName();
        private final List<ClusteredJob> jobs = new ArrayList<>();
        private final Set<Instant> begun = ConcurrentHashMap.newKeySet();
        private final AtomicInteger throwing = new AtomicInteger();

        Trial(Random random) {
            this.random = random;
        }

        private ClusteredJob start(int i) {
            return nodes.get(i)
                    .start(
                            nodes.get(i)
                                    .job(name)
                                    .every(PERIOD)
                                    .catchUp(CatchUp.ALL)
                                    .retries(1, Duration.ofMillis(1))
                                    .owner("node " + i),
                            this::work);
        }

        private void work(Run run) {
            begun.add(run.scheduledTime());
            var unused = run.guard()
                    .txn()
                    .put(name + "-written", Long.toString(run.token().toLong()))
                    .commit();
            if (throwing.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new IllegalStateException("asked to throw");
            }
        }

        void run() {
            for (int i = 0; i < nodes.size(); i++) {
                jobs.add(start(i));
            }
            await().until(() -> operator.jobs().find(name).isPresent());
            int acts = 5 + random.nextInt(15);
            for (int i = 0; i < acts; i++) {
                act(ACTS.get(random.nextInt(ACTS.size())));
                LockSupport.parkNanos(random.nextInt(12_000_000));
            }
        }

        private void act(Act act) {
            done.add(act);
            int at = random.nextInt(nodes.size());
            Node node = nodes.get(at);
            switch (act) {
                case REVOKE -> leaderLease();
                case RESTART -> {
                    jobs.get(at).close();
                    jobs.set(at, start(at));
                }
                case LOSE_REQUEST -> node.faults.loseNextRequest(WRITES);
                case LOSE_REPLY -> node.faults.loseNextReply(WRITES);
                case DUPLICATE -> node.faults.next(1, WRITES).duplicateAfter(Duration.ofMillis(random.nextInt(40)));
                case DELAY -> node.faults.delayNext(WRITES, Duration.ofMillis(random.nextInt(20)));
                case BREAK_WATCH -> node.faults.breakStreams("Watch/Watch");
                case COMPACT -> {
                    long revision = etcd.revision();
                    if (compacted.getAndAccumulate(revision, Math::max) < revision) {
                        etcd.faults().compact(revision);
                    }
                }
                case HOLD -> {
                    assertThat(operator.jobs().pause(name)).isTrue();
                    LockSupport.parkNanos(random.nextInt(20_000_000));
                    assertThat(operator.jobs().resume(name)).isTrue();
                }
                case TRIGGER -> operator.jobs().trigger(name);
                case THROW -> throwing.set(random.nextInt(4));
                case PAUSE -> LockSupport.parkNanos(random.nextInt(30_000_000));
            }
        }

        private void leaderLease() {
            for (int i = 0; i < jobs.size(); i++) {
                if (jobs.get(i).state() == ClusteredJob.State.RUNNING
                        || jobs.get(i).state() == ClusteredJob.State.WAITING) {
                    operator.revoke(nodes.get(i).lease());
                    return;
                }
            }
        }

        /** No more harm is done: all that is due by now is completed. */
        void heal() {
            throwing.set(0);
            Instant now = Instant.now();
            await("all that was due is done")
                    .atMost(Duration.ofSeconds(20))
                    .pollInterval(PERIOD) // it asks etcd, and so do all the others
                    .until(() -> operator.jobs()
                            .find(name)
                            .filter(job -> job.last().isAfter(now))
                            .isPresent());
            jobs.forEach(ClusteredJob::close);
        }

        void judge(List<Commit> log) {
            List<JobState> all = new ArrayList<>();
            List<Long> tokens = new ArrayList<>(); // of guarded writes
            for (Commit commit : log) {
                for (Commit.Change change : commit.changes()) {
                    String key = change.key().toString(UTF_8);
                    String value = change.value().toString(UTF_8);
                    if (key.equals(name + "/job/state")) {
                        all.add(JobState.read(value).orElseThrow());
                    } else if (key.equals(name + "-written")) {
                        tokens.add(Long.valueOf(value));
                    }
                }
            }
            assertThat(all).isNotEmpty();
            Set<Instant> repeated = new HashSet<>();
            for (int i = 1; i < all.size(); i++) {
                JobState before = all.get(i - 1);
                JobState now = all.get(i);
                String step = before + "\n" + now;
                assertThat(now.token()).as(step).isGreaterThanOrEqualTo(before.token());
                if (now.last().equals(before.last())) {
                    now.due().filter(due -> now.attempt() > 1).ifPresent(repeated::add);
                    continue;
                }
                Instant next = i == 1 || before.last().toEpochMilli() % PERIOD.toMillis() != 0
                        ? new Schedule.Every(PERIOD).after(before.last()).orElseThrow()
                        : before.last().plus(PERIOD);
                assertThat(now.last()).as(step).isEqualTo(next);
                assertThat(before.due()).as(step).hasValue(next);
                assertThat(now.token()).as(step).isEqualTo(before.token());
                assertThat(begun).as(step).contains(next);
                completed.incrementAndGet();
            }
            again.addAndGet(repeated.size());
            assertThat(tokens).isSorted();
            schedules.incrementAndGet();
        }
    }
}
