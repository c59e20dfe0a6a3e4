/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.history.ServerHistory.Change;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Where a schedule is run: a server with its operator and its truth, and how time passes. For one thread. */
interface Stage {
    void count(Step.Kind kind);

    void countGrant();

    void countLoss();

    /** Where a session's clients do what blocks. */
    Executor threads(Seat seat);

    long nanoTime();

    void pass(Duration time);

    /** Lets time pass until one of these is done. */
    void passUntilAny(List<CompletableFuture<?>> pending, Duration atMost);

    /** What happens between two steps. */
    void afterStep();

    /** Whether a client of that seat can do anything now. */
    boolean isAwake(Seat seat);

    /** Whether a lease may run out for no reason but that the machine is slow. */
    boolean isReal();

    /** What only some stages can do; {@code moment} is now in the run's history. */
    void take(Step step, Seat seat, long moment);

    // The operator

    /** The server's revision. */
    long revision();

    void revoke(long lease);

    void delete(String key);

    void compact();

    List<String> keysBelow(String prefix);

    /** Ends all faults that are of no seat. */
    void heal();

    // The truth

    List<Change> changesBelow(String prefix);

    void forgetChanges();
}
