/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.FencingToken;
import dev.consort.core.Guard;
import dev.consort.core.LossReason;
import dev.consort.core.internal.EtcdGrant;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A grant of so many permits. Immutable. */
record EtcdPermit(EtcdGrant grant, int permits) implements Permit {
    @Override
    public FencingToken token() {
        return grant.token();
    }

    @Override
    public boolean isHeld() {
        return grant.isHeld();
    }

    @Override
    public Duration remaining() {
        return grant.remaining();
    }

    @Override
    public Guard guard() {
        return grant.guard();
    }

    @Override
    public CompletionStage<LossReason> lost() {
        return grant.lost();
    }

    @Override
    public boolean release() {
        return grant.release();
    }

    @Override
    public CompletableFuture<Boolean> releaseAsync() {
        return grant.releaseAsync();
    }

    @Override
    public void close() {
        grant.close();
    }

    @Override
    public String toString() {
        return permits + " of " + grant;
    }
}
