/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.job.ClusteredJob.State;
import dev.consort.job.ClusteredJobs.Outcome;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.EtcdProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What each step of a job costs, as the table of docs/clustered-job.md says. */
@Isolated("counts revisions")
class ClusteredJobCostIT {
    private final String name = Node.newName();
    private final Work work = new Work();

    private record Figures(int requests, int commits) {}

    private static Map<String, Figures> page() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../docs/clustered-job.md"));
        return lines.subList(lines.indexOf("## Cost"), lines.indexOf("## Example")).stream()
                .filter(line -> line.matches("\\|.*\\| *\\d+ *\\| *\\d+ *\\|"))
                .map(line -> line.split("\\|", -1))
                .collect(Collectors.toMap(
                        cells -> cells[1].strip(),
                        cells -> new Figures(Integer.parseInt(cells[2].strip()), Integer.parseInt(cells[3].strip()))));
    }

    private interface Step {
        void run() throws Exception;
    }

    private static long revision(Node node) {
        return Node.answer(node.client.getKVClient().get(Node.bytes("no such key")))
                .getHeader()
                .getRevision();
    }

    /** Requests of one process, and the commits of all. */
    private static Figures cost(Node of, Node reader, Step step) throws Exception {
        long before = revision(reader);
        CallCounts start = of.log.counts();
        step.run();
        CallCounts spent = of.log.counts().since(start);
        return new Figures((int) spent.unaryCalls(), (int) (revision(reader) - before));
    }

    @Test
    void eachStep_costsWhatThePageSays() throws Exception {
        Map<String, Figures> page = page();
        try (EtcdProcess etcd = EtcdProcess.builder().unsafeNoFsync().start();
                Node one = new Node(etcd);
                Node two = new Node(etcd);
                Node operator = new Node(etcd)) {
            Figures run = Objects.requireNonNull(page.get("a run"));
            Figures asked = Objects.requireNonNull(page.get("`pause`, `resume`, `trigger`"));
            one.sessions.session();
            two.sessions.session();
            ClusteredJob.Builder seldom = one.job(name).every(Duration.ofHours(1));
            ClusteredJob[] mine = new ClusteredJob[1];
            assertThat(cost(one, operator, () -> {
                        mine[0] = one.start(seldom, work);
                        await().until(() -> operator.get(name + "/job/state").contains("outcome=NONE"));
                        await().until(() -> mine[0].state() == State.WAITING);
                    }))
                    .as("to lead")
                    .isEqualTo(page.get("to begin to lead a new job"));
            assertThat(cost(two, operator, () -> {
                        ClusteredJob other = two.start(two.job(name).every(Duration.ofHours(1)), Work.free());
                        await().until(() -> other.state() == State.STANDBY);
                        await().until(() -> two.log.counts().watchesOpen() >= 2);
                    }))
                    .as("to stand by")
                    .isEqualTo(page.get("to stand by"));
            operator.jobs().trigger(name);
            work.next();
            assertThat(cost(operator, operator, () -> operator.jobs().trigger(name)))
                    .as("to trigger, while it runs")
                    .isEqualTo(asked);
            work.end();
            work.next();
            work.end();
            await().until(() -> operator.get(name + "/job/state").contains("\ndue=\n"));
            await().until(() -> operator.jobs().find(name).orElseThrow().outcome() == Outcome.DONE);
            assertThat(cost(operator, operator, () -> operator.jobs().find(name)))
                    .as("to find")
                    .isEqualTo(page.get("`find`, `list`"));
            Instant due = Instant.now().plus(Duration.ofHours(1));
            one.timing.step(Duration.between(Instant.now(), due));
            operator.jobs().pause(name);
            assertThat(cost(one, operator, () -> {
                        operator.jobs().resume(name);
                        work.next();
                        work.end();
                        await().until(() -> operator.get(name + "/job/state").contains("\ndue=\n"));
                    }))
                    .as("a run, and the resuming of the job")
                    .isEqualTo(new Figures(run.requests(), run.commits() + asked.commits()));
            assertThat(page).hasSize(5);
        }
    }

    /** Nothing is asked while nothing is due. */
    @Test
    void waiting_costsNothing() throws Exception {
        try (EtcdProcess etcd = EtcdProcess.builder().unsafeNoFsync().start();
                Node one = new Node(etcd);
                Node two = new Node(etcd)) {
            ClusteredJob mine = one.start(one.job(name).every(Duration.ofMillis(400)), Work.free());
            await().until(() -> mine.runs() == 1);
            long runs = mine.runs();
            ClusteredJob other = two.start(two.job(name).every(Duration.ofMillis(400)), Work.free());
            await().until(() -> other.state() == State.STANDBY);
            await().until(() -> two.log.counts().watchesOpen() >= 2);
            CallCounts standing = two.log.counts();
            CallCounts leading = one.log.counts();
            await().until(() -> mine.runs() >= runs + 3);
            long since = mine.runs() - runs;
            assertThat(one.log.counts().since(leading).unaryCalls()).isBetween(2 * since - 2, 2 * since + 2);
            assertThat(two.log.counts().since(standing).unaryCalls()).isZero();
        }
    }
}
