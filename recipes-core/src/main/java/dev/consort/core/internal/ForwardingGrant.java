/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Guard;
import dev.consort.core.LossReason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A grant of the engine's to which a recipe adds something of its own. Immutable. */
public abstract class ForwardingGrant implements Grant {
    private final EtcdGrant grant;

    protected ForwardingGrant(EtcdGrant grant) {
        this.grant = grant;
    }

    public final EtcdGrant grant() {
        return grant;
    }

    @Override
    public final FencingToken token() {
        return grant.token();
    }

    @Override
    public final boolean isHeld() {
        return grant.isHeld();
    }

    @Override
    public final Duration remaining() {
        return grant.remaining();
    }

    @Override
    public final Guard guard() {
        return grant.guard();
    }

    @Override
    public final CompletionStage<LossReason> lost() {
        return grant.lost();
    }

    @Override
    public final boolean release() {
        return grant.release();
    }

    @Override
    public final CompletableFuture<Boolean> releaseAsync() {
        return grant.releaseAsync();
    }

    @Override
    public final void close() {
        grant.close();
    }

    @Override
    public String toString() {
        return grant.toString();
    }
}
