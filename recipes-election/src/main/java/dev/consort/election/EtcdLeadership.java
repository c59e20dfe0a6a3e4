/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.ForwardingGrant;
import java.util.concurrent.CompletableFuture;

/** A grant that can change its claim's value. Immutable. */
final class EtcdLeadership extends ForwardingGrant implements Leadership {
    EtcdLeadership(EtcdGrant grant) {
        super(grant);
    }

    @Override
    public boolean proclaim(String value) {
        return grant().rewrite(EtcdLeaderElection.proposal(value));
    }

    @Override
    public CompletableFuture<Boolean> proclaimAsync(String value) {
        return grant().rewriteAsync(EtcdLeaderElection.proposal(value));
    }
}
