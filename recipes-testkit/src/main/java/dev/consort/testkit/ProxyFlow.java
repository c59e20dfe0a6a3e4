/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a proxy does to the bytes of one direction. Confined to the proxy's thread, but for the count. */
final class ProxyFlow {
    private static final int NO_CUT = -1;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /* A rate is kept up by pieces of this length: shorter ones would have the thread awake all the time. */
    private static final long PIECE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    /* Time that went unused may be made up for by as much: what a busy machine takes from the thread. */
    private static final long CREDIT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    long delayNanos;
    boolean stopped;

    private final AtomicLong forwarded = new AtomicLong();
    private long bytesPerSecond; // 0: no limit
    private long paidUntil; // the time that the bytes up to now have taken up, at that rate
    private long untilCut = NO_CUT;
    private @Nullable CompletableFuture<Void> cut;

    long forwarded() {
        return forwarded.get();
    }

    /** Lets so many bytes pass in a second from now on; 0 for no limit. */
    void rate(long bytes, long now) {
        bytesPerSecond = bytes;
        paidUntil = now;
    }

    void cutAfter(long bytes, @Nullable CompletableFuture<Void> done) {
        untilCut = bytes;
        cut = done;
    }

    /** Ends all that lasts. */
    void restore() {
        delayNanos = 0;
        stopped = false;
        bytesPerSecond = 0;
        CompletableFuture<Void> pending = cut;
        cutAfter(NO_CUT, null);
        if (pending != null) {
            Daemons.callbacks().execute(() -> pending.cancel(false));
        }
    }

    /** How many of the bytes may go on now. */
    int allowed(int bytes, long now) {
        long most = untilCut == NO_CUT ? bytes : Math.min(bytes, untilCut);
        if (bytesPerSecond > 0 && nanosUntilAllowed(bytes, now) > 0) {
            return 0;
        }
        return (int) (bytesPerSecond == 0 ? most : Math.min(most, earned(now)));
    }

    /** How long until the rate lets some of the bytes pass: a piece, or all of them if they are fewer. */
    long nanosUntilAllowed(int bytes, long now) {
        if (bytesPerSecond == 0 || bytes == 0) {
            return 0;
        }
        long piece = Math.max(1, Math.min(bytes, Math.round((double) PIECE_NANOS * bytesPerSecond / SECOND)));
        return earned(now) >= piece ? 0 : Math.max(1, begin(now) + nanos(piece) - now);
    }

    private long earned(long now) {
        // Rounded as nanos() is, or a wait for one byte would end a nanosecond before it is allowed.
        return (long) Math.floor(((double) (now - begin(now)) * bytesPerSecond + 1) / SECOND);
    }

    private long begin(long now) {
        long credit = Math.max(CREDIT_NANOS, 2 * nanos(1));
        return now - paidUntil > credit ? now - credit : paidUntil;
    }

    private long nanos(long bytes) {
        return (long) Math.ceil((double) bytes * SECOND / bytesPerSecond);
    }

    void forwarded(int bytes, long now) {
        forwarded.addAndGet(bytes);
        if (bytesPerSecond > 0 && bytes > 0) {
            paidUntil = begin(now) + nanos(bytes);
        }
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
