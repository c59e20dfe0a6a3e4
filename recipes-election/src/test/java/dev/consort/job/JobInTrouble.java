/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.history.ServerHistory;
import dev.consort.testkit.history.ServerHistory.Change;
import dev.consort.testkit.stress.Companion;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.DeleteOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * A job on three nodes, in a cluster in trouble: each due time is completed at most once, none is lost, all come in order;
 * there is one leader a term, and nobody runs what etcd does not know to be begun.
 */
public final class JobInTrouble implements Companion {
    private static final int NODES = 3;
    private static final Duration TTL = Duration.ofSeconds(3);
    private static final Duration PERIOD = Duration.ofMillis(250);
    private static final String ROOT = "company/job/";
    private static final String NAME = ROOT + "reports";
    private static final String REGISTER = ROOT + "register";

    private final Client operator;
    private final Connection connection;
    private final long from;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<ClusteredJob> jobs = new ArrayList<>();
    private final ConcurrentMap<Long, Integer> leaders = new ConcurrentHashMap<>(); // the node of each term
    private final Set<Instant> begun = ConcurrentHashMap.newKeySet();
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private @Nullable Instant ended;

    /** Begins it. */
    public JobInTrouble(List<List<String>> networks, Client operator) {
        this.operator = operator;
        this.connection = Connection.of(operator);
        this.from = Node.answer(operator.getKVClient().get(Node.bytes(NAME)))
                .getHeader()
                .getRevision();
        for (int i = 0; i < NODES; i++) {
            start(i, networks.get(i % networks.size()));
        }
    }

    private void start(int node, List<String> endpoints) {
        Client client =
                Client.builder().endpoints(endpoints.toArray(String[]::new)).build();
        open.push(client);
        Connection mine = Connection.of(client);
        open.push(mine);
        SessionFactory sessions = SessionFactory.of(Session.builder(mine).ttl(TTL));
        open.push(sessions);
        ClusteredJob job = ClusteredJob.builder(sessions, NAME)
                .every(PERIOD)
                .catchUp(CatchUp.ALL)
                .retries(1_000, Duration.ofMillis(20))
                .owner("node " + node)
                .run(run -> work(node, sessions, run));
        open.push(job);
        jobs.add(job);
    }

    private void work(int node, SessionFactory sessions, Run run) {
        Session session = sessions.session();
        begun.add(run.scheduledTime());
        Integer before = leaders.putIfAbsent(run.token().toLong(), node);
        if (before != null && before != node) {
            violations.add("node " + node + " and node " + before + " lead in the term of " + run);
        }
        String text =
                run.scheduledTime() + " " + run.attempt() + " " + run.token().toLong();
        boolean written = run.guard().txn().put(REGISTER, text).commit();
        // In this order: what is lost stays so.
        if (session.state().isFinal() && !run.isCancelled()) {
            violations.add("held after its session had ended: " + run);
        }
        if (!written && !run.isCancelled()) {
            throw new IllegalStateException("refused, and to be told of the loss soon: " + run);
        }
    }

    private Optional<Instant> last() {
        return ClusteredJobs.of(connection).find(NAME).map(ClusteredJobs.Job::last);
    }

    @Override
    public boolean isUnderWay() {
        return begun.size() >= 5;
    }

    /** All that came due before is done. */
    @Override
    public boolean hasResumed() {
        Instant now = ended == null ? Instant.now() : ended;
        ended = now;
        return last().filter(time -> time.isAfter(now)).isPresent();
    }

    @Override
    public String judge() {
        closeAll();
        List<Change> changes;
        try (ServerHistory truth = ServerHistory.since(operator, ROOT, from + 1)) {
            changes = truth.changesBelow(ROOT);
        }
        assertThat(violations).isEmpty();
        JobState state = null;
        int completed = 0;
        Set<Instant> again = new HashSet<>();
        Map<Long, String> claims = new HashMap<>(); // those in etcd, by their create revisions
        for (Change change : changes) {
            if (change.key().startsWith(NAME + "/leader/")) {
                if (change.deleted()) {
                    claims.values().remove(change.key());
                } else {
                    claims.put(change.created(), change.key());
                }
            } else if (change.key().equals(REGISTER)) {
                assertBegun(change, state, claims);
            } else if (change.key().equals(NAME + "/job/state")) {
                JobState next = JobState.read(change.value()).orElseThrow();
                assertThat(next.due().isEmpty() || claims.containsKey(next.token() >> 20))
                        .as("begun by who leads: %s", next)
                        .isTrue();
                if (state != null) {
                    completed += follows(state, next) ? 1 : 0;
                    next.due().filter(due -> next.attempt() > 1).ifPresent(again::add);
                }
                state = next;
            }
        }
        assertThat(completed).isGreaterThan(30);
        var unused = Node.answer(operator.getKVClient()
                .delete(Node.bytes(ROOT), DeleteOption.builder().isPrefix(true).build()));
        return completed + " due times completed, " + again.size() + " of them begun again, in " + leaders.size()
                + " terms";
    }

    /** Whoever writes by its guard runs what the state says, by a claim that is there. */
    private static void assertBegun(Change write, @Nullable JobState state, Map<Long, String> claims) {
        if (state == null) {
            throw new AssertionError("written before anything was begun: " + write);
        }
        assertThat(state.due().map(due -> due + " " + state.attempt() + " " + state.token()))
                .as("at revision %s", write.revision())
                .hasValue(write.value());
        assertThat(claims).containsKey(state.token() >> 20);
    }

    /** Whether the one state completes what the other one has begun. */
    private boolean follows(JobState before, JobState now) {
        String step = before + "\n" + now;
        assertThat(now.token()).as(step).isGreaterThanOrEqualTo(before.token());
        if (now.last().equals(before.last())) {
            return false;
        }
        Instant next = new Schedule.Every(PERIOD).after(before.last()).orElseThrow();
        assertThat(now.last()).as(step).isEqualTo(next);
        assertThat(before.due()).as(step).hasValue(next);
        assertThat(now.token()).as(step).isEqualTo(before.token());
        assertThat(now.outcome()).as(step).isEqualTo(ClusteredJobs.Outcome.DONE);
        assertThat(begun).contains(next);
        return true;
    }

    private void closeAll() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() {
        closeAll();
        connection.close();
    }

    @Override
    public String toString() {
        return "ClusteredJob, begun " + begun.size() + ", up to "
                + begun.stream().max(Comparator.naturalOrder()) + ", "
                + jobs.stream()
                        .map(job -> job.state() + " " + job.lastFailure())
                        .toList();
    }
}
