/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.Commit;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EmbeddedFaults.Disruption;
import dev.consort.testkit.history.ServerHistory.Change;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A server whose time is virtual, and what it has done. Used by one thread at a time. */
final class VirtualServer implements AutoCloseable {
    private static final Duration TICK = Duration.ofMillis(500);

    private final VirtualTime time;
    private final VirtualProcess process;
    private final EmbeddedEtcd etcd;
    private final Channel channel;
    private final List<Change> changes = new ArrayList<>();
    private @Nullable Disruption noSpace;
    private long caughtUpTo;
    private int known;

    VirtualServer(VirtualTime time, long seed) {
        this.time = time;
        this.process = new VirtualProcess(time);
        this.etcd = EmbeddedEtcd.builder().virtualClock().seed(seed).start();
        this.channel = etcd.directChannel();
        this.caughtUpTo = time.elapsed();
    }

    /** Has leases run out when nobody asks. */
    void begin() {
        var unused = process.schedule(TICK, () -> {
            catchUp();
            begin();
        });
    }

    VirtualProcess process() {
        return process;
    }

    Channel channel() {
        return channel;
    }

    EmbeddedEtcd etcd() {
        return etcd;
    }

    private void catchUp() {
        long by = time.elapsed() - caughtUpTo;
        caughtUpTo = time.elapsed();
        etcd.advance(Duration.ofNanos(by));
    }

    /** Has something happen in it, at its present time. */
    void serve(Runnable arrival) {
        catchUp();
        arrival.run();
    }

    void revoke(long lease) {
        serve(() -> ignoringAbsence(() -> etcd.faults().revokeLease(lease)));
    }

    void expire(long lease) {
        serve(() -> ignoringAbsence(() -> etcd.faults().expireLease(lease)));
    }

    void compact() {
        ignoringAbsence(() -> etcd.faults().compact(etcd.revision()));
    }

    private static void ignoringAbsence(Runnable action) {
        try {
            action.run();
        } catch (StatusRuntimeException e) {
            // It is gone already, or compacted.
        }
    }

    void noSpace() {
        if (noSpace == null) {
            noSpace = etcd.faults().noSpace();
        }
    }

    void space() {
        if (noSpace != null) {
            noSpace.close();
            noSpace = null;
        }
    }

    void heal() {
        process.goOn();
        etcd.faults().clear();
        space();
    }

    /** Everything since {@link #forget}. */
    List<Change> changes() {
        List<Commit> commits = etcd.logAfter(known);
        known += commits.size();
        for (Commit commit : commits) {
            for (Commit.Change change : commit.changes()) {
                changes.add(new Change(
                        change.key().toString(UTF_8),
                        commit.revision(),
                        change.deleted(),
                        change.created(),
                        change.lease(),
                        change.value().toString(UTF_8)));
            }
        }
        return changes;
    }

    void forget() {
        changes().clear();
    }

    int commits() {
        return known;
    }

    @Override
    public void close() {
        etcd.close();
    }
}
