/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** An embedded etcd and a real one, which are asked the same. Confined to one thread at a time. */
final class ServerPair implements AutoCloseable {
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LAST_LINES = 30;
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private final EtcdProcess etcd =
            EtcdProcess.builder().unsafeNoFsync().arguments("--bcrypt-cost=4").start();
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

    /** Fails unless both answer the sequence alike; it begins without keys, leases and users. */
    void compare(List<Step> sequence) {
        real.begin();
        ours.begin();
        past = false;
        try {
            for (Step step : sequence) {
                if (differences.stream().noneMatch(difference -> difference.concerns(step))) {
                    compare(step);
                }
            }
            ours.awaitSaid();
            awaitAlike("the end");
        } catch (StatusRuntimeException | AssertionError e) {
            if (!isAlive()) {
                List<String> last = etcd.member(0).log(LAST_LINES);
                throw new IllegalStateException("etcd has ended: " + String.join("\n", last), e);
            }
            throw e;
        } finally {
            real.end();
            ours.end();
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
