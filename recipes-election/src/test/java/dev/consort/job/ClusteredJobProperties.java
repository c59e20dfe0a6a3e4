/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
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
    private static final Duration PERIOD = Duration.ofMillis(15);
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
    private static final Map<Act, Integer> done = new EnumMap<>(Act.class);
    private static int completed;
    private static int again;
    private static long compacted;
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Node operator = new Node(etcd);

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        operator.close();
        etcd.close();
        assertThat(done).containsKeys(Act.values());
        assertThat(completed).isGreaterThan(150);
        assertThat(again).as("due times that were begun again").isGreaterThan(10);
    }

    @Property(
            tries = 20,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void job_anySchedule_completesEachDueTimeOnceInOrder(@ForAll long seed) {
        try (Trial trial = new Trial(new Random(seed))) {
            trial.run();
        }
    }

    private static final class Trial implements AutoCloseable {
        private final Random random;
        private final String name = Node.newName();
        private final List<Node> nodes = new ArrayList<>();
        private final List<ClusteredJob> jobs = new ArrayList<>();
        private final ConcurrentLinkedQueue<JobState> states = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Long> tokens = new ConcurrentLinkedQueue<>(); // of guarded writes
        private final Set<Instant> begun = ConcurrentHashMap.newKeySet();
        private final AtomicInteger throwing = new AtomicInteger();
        private final Watch.Watcher watcher;

        Trial(Random random) {
            this.random = random;
            this.watcher = operator.client
                    .getWatchClient()
                    .watch(
                            Node.bytes(name),
                            WatchOption.builder()
                                    .isPrefix(true)
                                    .withRevision(etcd.revision() + 1)
                                    .build(),
                            response -> response.getEvents().forEach(this::seen));
            for (int i = 0; i < 3; i++) {
                nodes.add(new Node(etcd));
                jobs.add(start(i));
            }
        }

        private void seen(WatchEvent event) {
            String key = event.getKeyValue().getKey().toString(UTF_8);
            String value = event.getKeyValue().getValue().toString(UTF_8);
            if (key.equals(name + "/job/state")) {
                states.add(JobState.read(value).orElseThrow());
            } else if (key.equals(name + "-written")) {
                tokens.add(Long.valueOf(value));
            }
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
            await().until(() -> operator.jobs().find(name).isPresent());
            int acts = 5 + random.nextInt(15);
            for (int i = 0; i < acts; i++) {
                act(ACTS.get(random.nextInt(ACTS.size())));
                LockSupport.parkNanos(random.nextInt(12_000_000));
            }
            heal();
            judge();
        }

        private void act(Act act) {
            done.merge(act, 1, Integer::sum);
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
                    if (revision > compacted) {
                        etcd.faults().compact(revision);
                        compacted = revision;
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

        private void heal() {
            nodes.forEach(node -> node.faults.clear());
            throwing.set(0);
            Instant now = Instant.now();
            await("all that was due is done")
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> operator.jobs()
                            .find(name)
                            .filter(job -> job.last().isAfter(now))
                            .isPresent());
            jobs.forEach(ClusteredJob::close);
        }

        private void judge() {
            await().until(() -> !states.isEmpty()
                    && operator.get(name + "/job/state")
                            .equals(List.copyOf(states).get(states.size() - 1).text()));
            List<JobState> all = List.copyOf(states);
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
                assertThat(begun).contains(next);
                completed++;
            }
            again += repeated.size();
            assertThat(List.copyOf(tokens)).isSorted();
        }

        @Override
        public void close() {
            nodes.forEach(Node::close);
            watcher.close();
        }
    }
}
