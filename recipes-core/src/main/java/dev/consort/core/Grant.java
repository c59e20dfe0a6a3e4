/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Something held: a lock, a leadership, a permit. For a single use, and usable from any thread, which need not be the
 * one that acquired it.
 *
 * <p><b>Guarantees.</b> Once {@link #isHeld()} was false it stays so. It is false at once after a pause of the process
 * longer than the session could survive. {@link #release()} never frees what somebody else holds.
 *
 * <p><b>Not guaranteed.</b> That a thread which saw {@code isHeld()} is not paused before its next step: protect
 * writes elsewhere by the {@link #token()}, writes in etcd by the {@link #guard()}.
 *
 * <p><b>When the session is lost</b> the grant is lost: {@link #lost()} completes, guarded transactions are refused.
 */
public interface Grant extends AutoCloseable {
    /**
     * The fencing token of this grant.
     *
     * @return greater than that of every earlier exclusive grant of the same name
     */
    FencingToken token();

    /**
     * Whether it is still held. Asks nobody: costs no request.
     *
     * @return false once released or lost
     */
    boolean isHeld();

    /**
     * The time for which it stays held if no renewal of the session were answered from now on.
     *
     * @return zero if it is not held
     */
    Duration remaining();

    /**
     * Makes ownership a condition of writes in etcd.
     *
     * @return the guard of this grant
     */
    Guard guard();

    /**
     * Completes when the grant is lost, on the session's executor; never if it is released first.
     *
     * @return a stage of its own for each call
     */
    CompletionStage<LossReason> lost();

    /**
     * Gives it back. Guarded transactions in flight are waited for up to the request timeout, new ones refused.
     *
     * @return true if it was held until now; false if it had been lost, or was released before
     * @throws OutcomeUnknownException if etcd did not confirm within the request timeout; it is not held any more, and
     *     its key goes as soon as etcd answers, or with the session
     */
    boolean release();

    /**
     * Gives it back without blocking; like {@link #release()} otherwise.
     *
     * @return completes on the session's executor when etcd has confirmed
     */
    CompletableFuture<Boolean> releaseAsync();

    /**
     * Gives it back. Never throws for a lost grant or an unconfirmed release, but logs; bounded by the request timeout;
     * keeps the interrupt flag. Idempotent.
     */
    @Override
    void close();
}
