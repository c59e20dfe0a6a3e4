/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The schedule that a proxy is playing, if any. Confined to the proxy's thread. */
final class ProxyTimeline {
    private final Deque<NetworkFault> ahead = new ArrayDeque<>();
    private long start;
    private @Nullable CompletableFuture<Void> played;

    /** Begins with a schedule, in the place of the one before. */
    void begin(NetworkSchedule schedule, long now, CompletableFuture<Void> done) {
        cancel();
        ahead.addAll(schedule.faults());
        start = now;
        played = done;
    }

    /** Does what is due; returns how long until there is more to do. */
    long play(ProxyLoop loop, long now) {
        CompletableFuture<Void> done = played;
        if (done == null) {
            return Long.MAX_VALUE;
        }
        try {
            for (NetworkFault next = ahead.peek(); next != null; next = ahead.peek()) {
                long wait = start + next.at().toNanos() - now;
                if (wait > 0) {
                    return wait;
                }
                ahead.remove();
                next.strike(loop);
            }
            played = null;
            done.completeAsync(() -> null, Daemons.callbacks());
        } catch (IOException e) {
            played = null;
            ahead.clear();
            Daemons.callbacks()
                    .execute(() -> done.completeExceptionally(new EtcdProcessException("cannot listen again", e)));
        }
        return Long.MAX_VALUE;
    }

    /** Forgets what is still ahead. */
    void cancel() {
        ahead.clear();
        CompletableFuture<Void> done = played;
        played = null;
        if (done != null) {
            Daemons.callbacks().execute(() -> done.cancel(false));
        }
    }
}
