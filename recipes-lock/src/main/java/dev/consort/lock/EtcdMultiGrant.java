/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Guard;
import dev.consort.core.LossReason;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The engine's grant and its names. Immutable. */
record EtcdMultiGrant(Grant grant, List<String> names) implements MultiGrant {
    @Override
    public FencingToken token() {
        return grant.token();
    }

    @Override
    public Map<String, FencingToken> tokens() {
        Map<String, FencingToken> tokens = new LinkedHashMap<>();
        names.forEach(name -> tokens.put(name, token()));
        return Collections.unmodifiableMap(tokens);
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
        return grant.toString();
    }
}
