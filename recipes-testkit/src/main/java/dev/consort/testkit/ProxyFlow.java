/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a proxy does to the bytes of one direction. Confined to the proxy's thread, but for the count. */
final class ProxyFlow {
    private static final int NO_CUT = -1;

    long delayNanos;
    boolean stopped;

    private final AtomicLong forwarded = new AtomicLong();
    private long untilCut = NO_CUT;
    private @Nullable CompletableFuture<Void> cut;

    long forwarded() {
        return forwarded.get();
    }

    void cutAfter(long bytes, CompletableFuture<Void> done) {
        untilCut = bytes;
        cut = done;
    }

    /** How many of the bytes may go on before the connections are cut. */
    int allowed(int bytes) {
        return untilCut == NO_CUT ? bytes : (int) Math.min(bytes, untilCut);
    }

    void forwarded(int bytes) {
        forwarded.addAndGet(bytes);
        if (untilCut != NO_CUT) {
            untilCut -= bytes;
        }
    }

    boolean isCutDue() {
        return untilCut == 0;
    }

    /** Forgets the cut that has been made. */
    void cutDone() {
        untilCut = NO_CUT;
        CompletableFuture<Void> done = cut;
        cut = null;
        if (done != null) {
            done.completeAsync(() -> null, Daemons.callbacks());
        }
    }
}
