/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * How often, and for how long, a claim is handed on in this process while other processes wait.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class HandOvers {
    static final int MOST = 64;

    static final Duration LONGEST = Duration.ofMillis(100);

    /** Hand-overs take microseconds: asking at every 64th would keep etcd busy with nothing else. */
    private static final Duration ASK_EVERY = Duration.ofMillis(10);

    private final EtcdSession session;
    private final Supplier<RangeRequest> question; // built when it is asked, for most claims never are long enough held
    private final Predicate<RangeResponse> answer;
    private int sequence;
    private boolean othersWait;
    private boolean asking;
    private long lastAsked;
    private int left;
    private long until;

    /**
     * Of claims of one key.
     *
     * @param others the range of those that may wait for it
     * @param own how many of those are its own
     */
    HandOvers(EtcdSession session, ByteString others, int own) {
        this(session, () -> ClaimTxns.prefix(others, 1).setCountOnly(true).build(), range -> range.getCount() > own);
    }

    /** The same; whether others wait is the answer to a question. */
    HandOvers(EtcdSession session, Supplier<RangeRequest> question, Predicate<RangeResponse> answer) {
        this.session = session;
        this.question = question;
        this.answer = answer;
        this.lastAsked = session.timing().nanoTime() - ASK_EVERY.toNanos();
    }

    /** A claim was granted. */
    void begin(boolean knowsOthers) {
        sequence = 0;
        othersWait = knowsOthers;
        startLimits();
    }

    /** Of the granted claim it is known by now that others wait. */
    void followed() {
        othersWait = true;
    }

    /** The place of the next grant on this claim. */
    int next() {
        int place = sequence++;
        if (place > 0) {
            left--;
        }
        return place;
    }

    /** Whether there may be another grant on this claim, which is still the same one as long as the supplier says so. */
    boolean mayGoOn(BooleanSupplier same) {
        if (sequence > FencingToken.MAX_SEQUENCE) {
            return false;
        }
        long now = session.timing().nanoTime();
        boolean usedUp = left <= 0 || now - until >= 0;
        if (usedUp && !othersWait && !asking && now - lastAsked >= ASK_EVERY.toNanos()) {
            lastAsked = now;
            askWhetherOthersWait(same);
        }
        return !usedUp || !othersWait;
    }

    /** A holder does not see who queues behind it; so it asks now and then, and goes on until the answer comes. */
    private void askWhetherOthersWait(BooleanSupplier same) {
        asking = true;
        session.onAnswer(session.calls().range(question.get(), session::isOpen), (range, failure) -> {
            asking = false;
            if (same.getAsBoolean()) {
                othersWait = failure == null && answer.test(range);
                if (!othersWait) {
                    startLimits();
                }
            }
        });
    }

    private void startLimits() {
        left = MOST;
        until = session.timing().nanoTime() + LONGEST.toNanos();
    }
}
