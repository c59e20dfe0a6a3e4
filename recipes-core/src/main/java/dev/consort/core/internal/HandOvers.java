/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.FencingToken;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.time.Duration;
import java.util.function.BooleanSupplier;

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

    /** Because of whom a claim is not handed on for ever. */
    interface Others {
        /** Made when it is asked, for most claims never are long enough held. */
        RangeRequest whoWaits();

        boolean othersWait(RangeResponse answer);

        /** Those of a range, of whom so many are of this process. */
        static Others in(ByteString range, int own) {
            return new Others() {
                @Override
                public RangeRequest whoWaits() {
                    return ClaimTxns.prefix(range, 1).setCountOnly(true).build();
                }

                @Override
                public boolean othersWait(RangeResponse answer) {
                    return answer.getCount() > own;
                }
            };
        }
    }

    private final EtcdSession session;
    private final Others others;
    private int sequence;
    private boolean othersWait;
    private boolean asking;
    private long lastAsked;
    private int left;
    private long until;

    /** Of claims of one key. */
    HandOvers(EtcdSession session, Others others) {
        this.session = session;
        this.others = others;
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
        session.onAnswer(session.calls().range(others.whoWaits(), session::isOpen), (range, failure) -> {
            asking = false;
            if (same.getAsBoolean()) {
                othersWait = failure == null && others.othersWait(range);
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
