/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Waits until all keys below a prefix that are older than a revision are gone, one after the other from the youngest,
 * as etcd's client does ({@code concurrency/key.go}). Confined to the server's lock.
 */
final class PredecessorWait {
    private final ServerCore core;
    private final RangeRequest predecessors;
    private final Runnable done;
    private @Nullable Watcher watcher;
    private boolean cancelled;

    /**
     * Prepares to wait.
     *
     * @param done what to do then, under the lock
     */
    PredecessorWait(ServerCore core, ByteString prefix, long before, Runnable done) {
        this.core = core;
        this.done = done;
        KeyRange range = KeyRange.prefix(prefix);
        ByteString end = range.end();
        this.predecessors = RangeRequest.newBuilder()
                .setKey(prefix)
                .setRangeEnd(end == null || end.isEmpty() ? ByteString.copyFrom(new byte[1]) : end)
                .setMaxCreateRevision(before)
                .setSortTarget(SortTarget.CREATE)
                .setSortOrder(SortOrder.DESCEND)
                .setLimit(1)
                .build();
    }

    void next() {
        if (cancelled) {
            return;
        }
        List<KeyValue> last = RangeReader.read(core.store(), core.store().revision(), predecessors)
                .getKvsList();
        if (last.isEmpty()) {
            done.run();
            return;
        }
        Watcher waiting =
                new Watcher(KeyRange.key(last.get(0).getKey()), 0, false, true, (revision, events) -> deleted());
        watcher = waiting;
        var unused = core.watches().add(waiting);
    }

    /** A revision is being made: look again when it is done. */
    private void deleted() {
        Watcher finished = watcher;
        watcher = null;
        core.afterwards(() -> core.run(() -> {
            if (finished != null) {
                core.watches().remove(finished);
            }
            next();
        }));
    }

    void cancel() {
        cancelled = true;
        if (watcher != null) {
            core.watches().remove(watcher);
            watcher = null;
        }
    }
}
