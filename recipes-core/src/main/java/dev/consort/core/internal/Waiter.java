/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One who waits for a grant in this process. Its future completes on the session's serializer, and runs no user code. */
final class Waiter {
    final ClaimSpec spec;

    /** Whether it takes only what is free now. */
    final boolean immediate;

    /** The grant; empty if it was withdrawn, or not free for an immediate one. */
    final CompletableFuture<Optional<EtcdGrant>> result = new CompletableFuture<>();

    private ByteString value = ByteString.EMPTY; // confined to the serializer; one value for all attempts

    Waiter(ClaimSpec spec, boolean immediate) {
        this.spec = spec;
        this.immediate = immediate;
    }

    ByteString value() {
        if (value.isEmpty()) {
            value = spec.value().get();
        }
        return value;
    }
}
