/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.differential.SequenceFailure.Kind;
import io.etcd.jetcd.api.CompactionRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** An embedded etcd and a real one, which are asked the same. Confined to one thread at a time. */
final class ServerPair implements Comparison {
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LAST_LINES = 30;
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private final EtcdProcess etcd = EtcdProcess.builder()
            .unsafeNoFsync()
            // That each write is committed at once is for VersionDifference.OUTDATED_USERS.
            .arguments("--bcrypt-cost=4", "--backend-batch-limit=1")
            .start();
    private final EmbeddedEtcd embedded = EmbeddedEtcd.start();
    private final List<VersionDifference> differences = VersionDifference.of(etcd.version());
    private final Subject real = new Subject("etcd", etcd.endpoints().get(0), tokensWhileOff());
    private final Subject ours = new Subject("embedded", embedded.endpoint(), tokensWhileOff());
    private boolean past; // whether etcd may have watches of the past that it has not served

    private boolean tokensWhileOff() {
        return !differences.contains(VersionDifference.TOKEN_REFUSED_WHILE_OFF);
    }

    /** The version of the real one. */
    String version() {
        return etcd.version();
    }

    List<VersionDifference> differences() {
        return differences;
    }

    /**
     * Fails unless both answer the sequence alike; it begins without keys, leases and users. Afterwards what it left is
     * cleared, so that what cannot be is found with the sequence that left it.
     *
     * @throws SequenceFailure and then this pair is of no more use
     */
    @Override
    public void compare(List<Step> sequence) {
        try {
            real.begin();
            ours.begin();
        } catch (RuntimeException e) {
            throw failure(Kind.CANNOT_BEGIN, e);
        }
        try {
            play(sequence);
        } catch (RuntimeException | AssertionError e) {
            throw failure(Kind.ANSWERED_OTHERWISE, e);
        } finally {
            real.end();
            ours.end();
        }
        clear();
    }

    private void play(List<Step> sequence) {
        past = false;
        Set<Long> compacted = new HashSet<>();
        for (Step step : sequence) {
            if (differences.stream().noneMatch(difference -> difference.concerns(step, compacted))) {
                compare(step);
            }
            if (step.what() instanceof Step.Call<?, ?> call && call.request() instanceof CompactionRequest compaction) {
                compacted.add(compaction.getRevision());
            }
        }
        ours.awaitSaid();
        awaitAlike("the end");
    }

    private SequenceFailure failure(Kind kind, Throwable why) {
        return failure(kind, why.getMessage(), why);
    }

    private SequenceFailure failure(Kind kind, @Nullable String message, Throwable why) {
        if (isAlive()) {
            return new SequenceFailure(kind, message, why);
        }
        String last = String.join("\n", etcd.member(0).log(LAST_LINES));
        return new SequenceFailure(Kind.SERVER_ENDED, "etcd has ended: " + last, why);
    }

    /** Tries both, since whether only one of them cannot be cleared says whose fault it is. */
    private void clear() {
        List<RuntimeException> failed = new ArrayList<>();
        List<String> outcomes = new ArrayList<>();
        for (Subject subject : List.of(real, ours)) {
            try {
                subject.clear();
                outcomes.add(subject + ": cleared");
            } catch (RuntimeException e) {
                failed.add(e);
                outcomes.add(subject + ": " + e.getMessage());
            }
        }
        if (!failed.isEmpty()) {
            throw failure(Kind.NOT_CLEARED, outcomes.toString(), failed.get(0));
        }
    }

    private void compare(Step step) {
        if (past && step.needsWatchesServed()) {
            real.awaitServed();
            past = false;
        }
        assertThat(step.ask(ours)).as("%s", step).isEqualTo(step.ask(real));
        if (step.what() instanceof Step.Watch watch) {
            past |= watch.request().getCreateRequest().getStartRevision() > 0;
            ours.awaitSaid();
            awaitAlike(step.toString());
        }
    }

    /** Waits until the watches of both have said the same, and fails if they do not. */
    private void awaitAlike(String when) {
        long deadline = System.nanoTime() + WATCH_NANOS;
        long compared = -1;
        while (true) {
            long heard = ours.heard() + real.heard();
            if (heard != compared && ours.told().equals(real.told())) {
                return;
            }
            compared = heard;
            if (System.nanoTime() - deadline > 0) {
                assertThat(ours.told()).as("what watches were told at %s", when).isEqualTo(real.told());
                return;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    boolean isAlive() {
        return etcd.member(0).isAlive();
    }

    @Override
    public void close() {
        real.close();
        ours.close();
        embedded.close();
        etcd.close();
    }
}
