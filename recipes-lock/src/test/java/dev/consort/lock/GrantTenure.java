/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Grant;
import dev.consort.testkit.stress.Tenure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Holding a grant. */
record GrantTenure(Grant grant, boolean isShared) implements Tenure {
    GrantTenure(Grant grant) {
        this(grant, false);
    }

    @Override
    public long token() {
        return grant.token().toLong();
    }

    @Override
    public boolean isHeld() {
        return grant.isHeld();
    }

    @Override
    public CompletionStage<String> lost() {
        return grant.lost().thenApply(Enum::name);
    }

    @Override
    public CompletableFuture<Boolean> releaseAsync() {
        return grant.releaseAsync();
    }

    @Override
    public CompletableFuture<Boolean> writeAsync(String key, String value) {
        return grant.guard().txn().put(key, value).commitAsync();
    }
}
