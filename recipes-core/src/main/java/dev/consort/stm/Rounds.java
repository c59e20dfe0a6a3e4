/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.internal.Timing;
import dev.consort.stm.CommitTxn.Conflict;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The attempts of one transaction: how many, and with which pauses. Confined to its run, where one follows the other. */
final class Rounds {
    private static final Logger log = LoggerFactory.getLogger(Rounds.class);
    private static final long FIRST_PAUSE_MILLIS = 2;
    private static final long LONGEST_PAUSE_MILLIS = 250;

    private final int most;
    private final Timing timing;
    private int attempts = 1;
    private Conflict last = Conflict.unknown("");

    Rounds(int most, Timing timing) {
        this.most = most;
        this.timing = timing;
    }

    int attempts() {
        return attempts;
    }

    /** What the attempt that begins may take as read. */
    Conflict last() {
        return last;
    }

    /**
     * An attempt has failed.
     *
     * @return how long to wait before the next one; it follows the first at once, and what etcd said then is as good as read.
     *     After a pause it would be old
     * @throws TransactionConflictException if there is none
     */
    Duration next(Conflict conflict) {
        if (attempts == most) {
            throw new TransactionConflictException(conflict.key(), attempts);
        }
        log.debug("{} '{}': written by others meanwhile, attempt {}", EtcdStm.RECIPE, conflict.key(), attempts);
        Duration pause = attempts == 1 ? Duration.ZERO : pause(attempts - 2);
        last = pause.isZero() ? conflict : Conflict.unknown(conflict.key());
        attempts++;
        return pause;
    }

    private Duration pause(int doubled) {
        long millis = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(doubled, 10));
        return Duration.ofNanos(1 + timing.random(TimeUnit.MILLISECONDS.toNanos(millis)));
    }
}
