/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import dev.consort.job.ClusteredJob.State;
import dev.consort.job.ClusteredJobs.Job;
import dev.consort.job.ClusteredJobs.Outcome;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EtcdServer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a job promises, whatever server is behind it. */
abstract class ClusteredJobContract {
    private static final Duration SELDOM = Duration.ofHours(1);

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    /** For what is not said to be prompt. */
    private static final Duration SOON = Duration.ofSeconds(10);

    private final String name = Node.newName();
    private final Node one = new Node(server());
    private final Node two = new Node(server());
    private final Work work = new Work();

    abstract EtcdServer server();

    @AfterEach
    void leave() {
        one.close();
        two.close();
    }

    private ClusteredJob start(Node node, ClusteredJob.Builder builder, ClusteredJob.Task task) {
        ClusteredJob job = node.start(builder, task);
        await().until(() -> job.state() == State.WAITING || job.state() == State.RUNNING);
        await().until(() -> two.jobs().find(job.name()).isPresent());
        return job;
    }

    private ClusteredJob standBy(Node node, ClusteredJob.Builder builder, ClusteredJob.Task task) {
        ClusteredJob job = node.start(builder, task);
        await().until(() -> job.state() == State.STANDBY);
        return job;
    }

    private Job known() {
        return two.jobs().find(name).orElseThrow();
    }

    private void awaitLast(Instant due) {
        await().untilAsserted(() -> assertThat(known().last()).isEqualTo(due));
    }

    /** The job is known to etcd from now on, and nothing before is due. */
    private void makeKnown(Duration period) {
        start(one, one.job(name).every(period), run -> {}).close();
    }

    private static void awaitFailure(ClusteredJob job, String why) {
        await().untilAsserted(() -> assertThat(job.lastFailure())
                .hasValueSatisfying(e -> assertThat(e).hasMessageContaining(why)));
    }

    // Due times

    @Test
    void dueTimes_areRunInOneProcess_eachOnceAndInOrder() {
        Work other = Work.free();
        Work mine = Work.free();
        start(one, one.job(name).every(Duration.ofMillis(40)).catchUp(CatchUp.ALL), mine);
        standBy(two, two.job(name).every(Duration.ofMillis(40)).catchUp(CatchUp.ALL), other);
        await().until(() -> mine.begun.size() >= 10);
        List<Instant> times = new ArrayList<>(mine.scheduledTimes());
        for (int i = 1; i < times.size(); i++) {
            assertThat(times.get(i)).isEqualTo(times.get(i - 1).plusMillis(40));
        }
        assertThat(times.get(0).toEpochMilli() % 40).isZero();
        assertThat(other.begun).isEmpty();
        assertThat(mine.begun).allMatch(run -> run.attempt() == 1 && !run.isManual());
    }

    @Test
    void cron_isDueByTheClock() throws Exception {
        start(one, one.job(name).cron("0 2 * * *", "UTC"), work);
        assertThat(known().next().orElseThrow().toString()).endsWith("T02:00:00Z");
        assertThat(known().schedule()).isEqualTo("cron 0 2 * * * UTC");
        Instant due = known().next().orElseThrow();
        one.timing.step(Duration.between(Instant.now(), due));
        // The clock was set while it waits: it looks at it each minute, or when an operator asks for something.
        one.jobs().pause(name);
        one.jobs().resume(name);
        assertThat(work.next().scheduledTime()).isEqualTo(due);
        work.end();
        awaitLast(due);
    }

    @ParameterizedTest
    @EnumSource(CatchUp.class)
    void missed_isCaughtUpAsSaid(CatchUp catchUp) throws Exception {
        makeKnown(SELDOM);
        Instant made = known().last();
        one.timing.step(Duration.ofHours(4));
        Instant now = Instant.now().plus(Duration.ofHours(4));
        Instant latest = Instant.ofEpochMilli(now.toEpochMilli() / 3_600_000 * 3_600_000);
        Work caught = Work.free();
        start(one, one.job(name).every(SELDOM).catchUp(catchUp), caught);
        awaitLast(latest);
        List<Instant> times = caught.scheduledTimes();
        switch (catchUp) {
            case ONCE -> assertThat(times).containsExactly(latest);
            case ALL -> {
                assertThat(times).hasSizeBetween(4, 5).endsWith(latest);
                assertThat(Duration.between(made, times.get(0))).isPositive().isLessThanOrEqualTo(SELDOM);
            }
            case SKIP ->
                // Unless the test runs in the first minute of an hour.
                assertThat(times.isEmpty() ? known().outcome() : Outcome.SKIPPED)
                        .isEqualTo(Outcome.SKIPPED);
        }
    }

    @Test
    void overrun_doesNotOverlapItself_andIsMadeUpForOnce() throws Exception {
        start(one, one.job(name).every(Duration.ofMillis(50)), work);
        Run first = work.next();
        await().until(() -> Instant.now().isAfter(first.scheduledTime().plusMillis(220)));
        assertThat(work.begun).isEmpty();
        work.end();
        Run second = work.next();
        assertThat(second.scheduledTime())
                .isAfterOrEqualTo(first.scheduledTime().plusMillis(200));
        assertThat(work.mostAtOnce()).isEqualTo(1);
    }

    @Test
    void schedule_changed_isTakenOverByTheNextLeader() throws Exception {
        makeKnown(SELDOM);
        start(one, one.job(name).every(Duration.ofMillis(30)), work);
        assertThat(work.next().attempt()).isEqualTo(1);
        assertThat(known().schedule()).isEqualTo("every PT0.03S");
    }

    // Fail-over

    @Test
    void leader_losesItsSession_theRunIsCancelledAndBegunAgain() throws Exception {
        Work other = new Work();
        ClusteredJob mine = start(one, one.job(name).every(SELDOM), work);
        standBy(two, two.job(name).every(SELDOM), other);
        two.jobs().trigger(name);
        Run lost = work.next();
        assertThat(mine.state()).isEqualTo(State.RUNNING);
        assertThat(lost.isCancelled()).isFalse();
        two.revoke(one.lease());
        Run again = other.next();
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(again.scheduledTime()).isEqualTo(lost.scheduledTime());
        assertThat(again.token()).isGreaterThan(lost.token());
        assertThat(lost.isCancelled()).isTrue();
        assertThat(lost.cancelled().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(5));
        assertThat(lost.guard().txn().put(name + "-data", "late").commit()).isFalse();
        assertThat(again.guard().txn().put(name + "-data", "x").commit()).isTrue();
        await().until(() -> mine.state() == State.STANDBY);
        assertThat(mine.failures()).isZero();
        other.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
        assertThat(known().attempt()).isEqualTo(2);
        assertThat(work.begun).isEmpty();
    }

    @Test
    void task_thatReturnsThoughItsLeadershipIsLost_hasNotCompleted() throws Exception {
        Work other = new Work();
        CountDownLatch go = new CountDownLatch(1);
        start(one, one.job(name).every(SELDOM), run -> {
            work.begun.add(run);
            try {
                go.await();
            } catch (InterruptedException ignored) {
                // As a task that does not care.
            }
        });
        standBy(two, two.job(name).every(SELDOM), other);
        two.jobs().trigger(name);
        work.next();
        two.revoke(one.lease());
        assertThat(other.next().attempt()).isEqualTo(2);
        assertThat(known().outcome()).isEqualTo(Outcome.NONE);
        other.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
    }

    @Test
    void completion_thatLandsAfterTheLeadershipIsLost_isRefused() throws Exception {
        start(one, one.job(name).every(SELDOM), work);
        two.jobs().trigger(name);
        work.next();
        CallFault late = one.faults.next(Writes.ofStates()).hold();
        work.end();
        Node.answer(late.hit());
        two.revoke(one.lease());
        late.release();
        assertThat(work.next().attempt()).isEqualTo(2);
        assertThat(known().outcome()).isEqualTo(Outcome.NONE);
        work.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
    }

    @Test
    void close_whileATaskRuns_oneThatReturnsHasCompleted() throws Exception {
        Work other = new Work();
        ClusteredJob mine = start(one, one.job(name).every(SELDOM), run -> {
            work.begun.add(run);
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException stopped) {
                assertThat(run.isCancelled()).isTrue();
            }
        });
        standBy(two, two.job(name).every(SELDOM), other);
        two.jobs().trigger(name);
        work.next();
        mine.close();
        assertThat(mine.state()).isEqualTo(State.CLOSED);
        assertThat(known().outcome()).isEqualTo(Outcome.DONE);
        assertThat(known().running()).isEmpty();
        await().untilAsserted(() -> assertThat(known().leader()).isPresent());
        assertThat(other.begun).isEmpty();
    }

    @Test
    void close_asACompletedRunIsConfirmed_itStaysCompleted() throws Exception {
        ClusteredJob job = start(one, one.job(name).every(SELDOM), work);
        two.jobs().trigger(name);
        work.next();
        CallFault held = one.faults.next(Writes.ofStates()).hold();
        work.end();
        Node.answer(held.hit());
        job.close();
        assertThat(known().outcome()).isEqualTo(Outcome.DONE);
        held.release();
        assertThat(known().outcome()).isEqualTo(Outcome.DONE);
    }

    @Test
    void close_whileATaskRuns_oneThatThrowsIsBegunAgainElsewhere() throws Exception {
        Work other = new Work();
        ClusteredJob mine = start(one, one.job(name).every(SELDOM), work);
        standBy(two, two.job(name).every(SELDOM), other);
        two.jobs().trigger(name);
        Run run = work.next();
        mine.close();
        mine.close();
        assertThat(run.cancelled().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(5));
        assertThat(mine.ended().toCompletableFuture()).isCompleted();
        assertThat(mine.failures()).isZero();
        assertThat(other.next().attempt()).isEqualTo(2);
    }

    // Failures

    @Test
    void failed_isTriedAgainAsSaid_thenGivenUp() throws Exception {
        ClusteredJob mine = start(one, one.job(name).every(SELDOM).retries(2, Duration.ofMillis(30)), work);
        two.jobs().trigger(name);
        for (int attempt = 1; attempt <= 3; attempt++) {
            Run run = work.next();
            assertThat(run.attempt()).isEqualTo(attempt);
            assertThat(run.isManual()).isTrue();
            assertThat(known().running()).hasValue(run.scheduledTime());
            work.fail("attempt " + attempt);
        }
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.FAILED));
        assertThat(mine.runs()).isEqualTo(3);
        assertThat(mine.failures()).isEqualTo(3);
        assertThat(mine.lastFailure()).hasValueSatisfying(e -> assertThat(e).hasMessage("attempt 3"));
        two.jobs().trigger(name);
        assertThat(work.next().attempt()).isEqualTo(1);
        work.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
    }

    @Test
    void failures_areCountedOverFailOvers() throws Exception {
        Work other = new Work();
        start(one, one.job(name).every(SELDOM).retries(1, Duration.ZERO), work);
        standBy(two, two.job(name).every(SELDOM).retries(1, Duration.ZERO), other);
        two.jobs().trigger(name);
        work.next();
        two.revoke(one.lease());
        assertThat(other.next().attempt()).isEqualTo(2);
        other.fail("first");
        assertThat(other.next().attempt()).as("one failed, one only died").isEqualTo(3);
        other.fail("second");
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.FAILED));
    }

    @Test
    void runByHand_whileADueTimeWaitsForItsRetry_leavesItsCountAlone() throws Exception {
        start(one, one.job(name).every(SELDOM).retries(1, Duration.ofMillis(500)), work);
        one.timing.step(SELDOM);
        two.jobs().pause(name); // it looks at its clock
        two.jobs().resume(name);
        Run due = work.next();
        assertThat(due.isManual()).isFalse();
        work.fail("first");
        await().until(() -> two.get(name + "/job/state").contains("failures=1"));
        two.jobs().trigger(name);
        assertThat(work.next().isManual()).isTrue();
        assertThat(known().running().orElseThrow()).isNotEqualTo(due.scheduledTime());
        work.end();
        await().untilAsserted(() -> assertThat(known().running()).hasValue(due.scheduledTime()));
        Run again = work.next();
        assertThat(again.scheduledTime()).isEqualTo(due.scheduledTime());
        assertThat(again.attempt()).isEqualTo(2);
        work.fail("second");
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.FAILED));
        assertThat(known().last()).isEqualTo(due.scheduledTime());
    }

    /** A leader may lead for years: what remains of a run is what etcd keeps. */
    @Test
    void runsOfATerm_areForgotten() {
        List<WeakReference<Run>> runs = new CopyOnWriteArrayList<>();
        start(one, one.job(name).every(Duration.ofMillis(5)), run -> {
            runs.add(new WeakReference<>(run));
            run.cancelled().thenRun(() -> {});
        });
        await().until(() -> {
            System.gc();
            return runs.size() >= 5
                    && runs.stream().filter(run -> run.get() != null).count() <= 2;
        });
    }

    @Test
    void tooLong_isCancelledAndHasFailed() throws Exception {
        ClusteredJob mine = start(one, one.job(name).every(SELDOM).atMostFor(Duration.ofMillis(60)), work);
        two.jobs().trigger(name);
        Run run = work.next();
        await().until(() -> mine.failures() == 1);
        assertThat(run.isCancelled()).isTrue();
        assertThat(mine.lastFailure())
                .hasValueSatisfying(
                        e -> assertThat(e).isInstanceOf(TimeoutException.class).hasMessageContaining("PT0.06S"));
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.FAILED));
        two.jobs().trigger(name);
        assertThat(work.next().isCancelled()).isFalse();
        work.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
    }

    @Test
    void atLeastFor_keepsRunsApart() throws Exception {
        Duration apart = Duration.ofMillis(400);
        long before = System.nanoTime(); // the first run is later than that, whatever the machine does
        start(one, one.job(name).every(Duration.ofMillis(10)).atLeastFor(apart), work);
        work.next();
        work.end();
        work.next();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(apart);
        work.end();
    }

    @Test
    void answersLost_completeOnceAllTheSame() throws Exception {
        start(one, one.job(name).every(SELDOM), work);
        one.faults.next(1, Writes.ofStates()).loseReply();
        two.jobs().trigger(name);
        assertThat(work.next().attempt()).isEqualTo(1);
        one.faults.next(1, Writes.ofStates()).loseReply();
        work.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
        one.faults.next(1, Writes.ofStates()).duplicateAfter(Duration.ofMillis(50));
        two.jobs().trigger(name);
        assertThat(work.next().attempt()).isEqualTo(1);
        work.end();
        await().untilAsserted(() -> assertThat(known().running()).isEmpty());
        assertThat(work.begun).isEmpty();
    }

    @Test
    void state_deletedByAnOperator_beginsAnew() throws Exception {
        ClusteredJob mine = start(one, one.job(name).every(SELDOM), work);
        two.delete(name + "/job/state");
        two.jobs().find(name).ifPresent(job -> assertThat(job).isNull());
        two.put(name + "/job/trigger", "now");
        awaitFailure(mine, "'" + name + "/job/state'");
        assertThat(work.next().isManual()).isTrue();
        work.end();
        await().untilAsserted(() -> assertThat(known().outcome()).isEqualTo(Outcome.DONE));
    }

    @Test
    void foreignKey_isNamed_andTheJobGoesOnWithoutIt() throws Exception {
        two.put(name + "/job/note", "mine");
        ClusteredJob mine = one.start(one.job(name).every(Duration.ofMillis(50)), work);
        awaitFailure(mine, "'" + name + "/job/note'");
        assertThat(work.begun).isEmpty();
        two.delete(name + "/job/note");
        work.next();
        work.fail("now the task");
        awaitFailure(mine, "now the task");
    }

    // Operators

    @Test
    void pause_resume_trigger() throws Exception {
        start(one, one.job(name).every(Duration.ofMillis(60)), work);
        work.next();
        assertThat(two.jobs().pause(name)).isTrue();
        assertThat(two.jobs().pause(name)).isFalse();
        assertThat(known().paused()).isTrue();
        work.end();
        await().untilAsserted(() -> assertThat(known().running()).isEmpty());
        two.jobs().trigger(name);
        Run manual = work.next();
        assertThat(manual.isManual()).isTrue();
        two.jobs().trigger(name);
        two.jobs().trigger(name);
        work.end();
        assertThat(work.next().isManual()).as("once for both").isTrue();
        work.end();
        await().untilAsserted(() -> assertThat(known().running()).isEmpty());
        assertThat(work.begun).isEmpty();
        assertThat(two.jobs().resume(name)).isTrue();
        assertThat(two.jobs().resume(name)).isFalse();
        assertThat(work.next().isManual()).isFalse();
        work.end();
    }

    /** Not even where the leader has not heard of it yet. */
    @Test
    void pause_leaderIsBehind_nothingComesDueAnyMore() throws Exception {
        start(one, one.job(name).every(Duration.ofMillis(20)), work);
        work.next();
        CallFault away = one.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(one.faults.breakStreams("Watch/Watch")).isPositive();
        assertThat(two.jobs().pause(name)).isTrue();
        two.jobs().trigger(name);
        work.end();
        away.stop();
        assertThat(work.next().isManual()).isTrue();
        work.end();
    }

    @Test
    void list_tellsOfAllJobs() throws Exception {
        String other = name + "x/night/invoices";
        assertThat(two.jobs().list(name)).isEmpty();
        start(one, one.job(name + "/a").every(SELDOM).owner("web 1"), work);
        start(two, two.job(name + "/b/c").cron("0 2 * * *", "UTC").owner("web 2"), Work.free());
        standBy(one, one.job(name + "/b/c").cron("0 2 * * *", "UTC").owner("web 1"), Work.free());
        standBy(two, two.job(name + "/a").every(SELDOM).owner("web 2"), Work.free());
        start(two, two.job(other).every(SELDOM), Work.free());
        await().until(() -> two.jobs().list(name).size() == 2);
        List<Job> jobs = two.jobs().list(name);
        assertThat(jobs).extracting(Job::name).containsExactly(name + "/a", name + "/b/c");
        assertThat(jobs).extracting(job -> job.leader().orElseThrow()).containsExactly("web 1", "web 2");
        assertThat(jobs.get(0)).satisfies(job -> {
            assertThat(job.schedule()).isEqualTo("every PT1H");
            assertThat(job.outcome()).isEqualTo(Outcome.NONE);
            assertThat(job.ended()).isEmpty();
            assertThat(job.attempt()).isZero();
            assertThat(job.by()).isEmpty();
            assertThat(job.next().orElseThrow()).isAfter(job.last());
        });
        two.jobs().trigger(name + "/a");
        work.next();
        work.end();
        await().untilAsserted(() ->
                assertThat(two.jobs().find(name + "/a").orElseThrow().by()).isEqualTo("web 1"));
    }

    @Test
    void unknownJob_isSaid() {
        assertThat(two.jobs().find(name)).isEmpty();
        for (Runnable each : List.<Runnable>of(
                () -> two.jobs().pause(name),
                () -> two.jobs().resume(name),
                () -> two.jobs().trigger(name))) {
            assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(each::run)
                    .withMessageContaining("'" + name + "'")
                    .withMessageContaining("no such job");
        }
    }

    @Test
    void badInput_isRefused() {
        for (String bad : List.of("", "/a", "a//b", "a".repeat(4_090))) {
            assertThatIllegalArgumentException().isThrownBy(() -> one.job(bad)).withMessageContaining("ClusteredJob");
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> one.job(name).run(work))
                .withMessageContaining("every()");
        assertThatIllegalStateException()
                .isThrownBy(() -> one.job(name).every(SELDOM).cron("0 2 * * *", "UTC"))
                .withMessageContaining("every PT1H");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).every(Duration.ZERO))
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).retries(-1, Duration.ZERO))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).retries(1, Duration.ofMillis(-1)))
                .withMessageContaining("PT-0.001S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).atMostFor(Duration.ZERO))
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name)
                        .every(SELDOM)
                        .atLeastFor(Duration.ofSeconds(2))
                        .atMostFor(Duration.ofSeconds(1))
                        .run(work))
                .withMessageContaining("PT1S")
                .withMessageContaining("PT2S")
                .withMessageContaining("give a longer atMostFor");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).every(Duration.ofSeconds(-3)))
                .withMessageContaining("PT-3S")
                .withMessageContaining("1 ms to 3,650 days");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).atMostFor(Duration.ofSeconds(-1)))
                .withMessageContaining("atMostFor PT-1S is negative: give");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).cron("0 25 * * *", "UTC"))
                .withMessageContaining("'0 25 * * *' cannot be read")
                .withMessageContaining("give minute, hour");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).cron("0 2 * * *", "Europe/Atlantis"))
                .withMessageContaining("'Europe/Atlantis': give one such as");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).owner("a\nb"))
                .withMessageContaining("one line");
    }

    @Test
    void name_thatClashesWithOneInUse_isRefusedUntilThatEnds() throws Exception {
        LeaderElection election = LeaderElection.create(one.sessions.session(), name + "/inner");
        Leadership inner = election.campaign("me");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.job(name).every(SELDOM).run(work))
                .withMessageContaining("ClusteredJob name '" + name + "' nests with '" + name + "/inner'")
                .withMessageContaining("LeaderElection");
        inner.close();
        ClusteredJob job = start(one, one.job(name).every(SELDOM), work);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> election.campaign("me"))
                .withMessageContaining(
                        "LeaderElection name '" + name + "/inner' nests with '" + name + "' of a Cluster");
        job.close();
        election.campaign("me").close();
    }

    @Test
    void close_bySessionFactoryFirst_isSaid() throws Exception {
        ClusteredJob mine = start(one, one.job(name).every(SELDOM), work);
        one.sessions.close();
        await().until(() -> mine.state() == State.CLOSED);
        assertThat(mine.ended().toCompletableFuture()).failsWithin(SOON).withThrowableOfType(ExecutionException.class);
    }
}
