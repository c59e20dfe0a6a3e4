/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One who waits for a grant in this process. Its future completes on the session's serializer, and runs no user code. */
final class Waiter {
    final ClaimSpec spec;

    /** Whether it takes only what is free now. */
    final boolean immediate;

    /** The grant; empty if it was withdrawn, or not free for an immediate one. */
    final CompletableFuture<Optional<EtcdGrant>> result = new CompletableFuture<>();

    /** If it is to be first here, and in other queues besides, before one transaction claims all of them. */
    final @Nullable Seat seat;

    private ByteString value = ByteString.EMPTY; // confined to the serializer; one value for all attempts

    Waiter(ClaimSpec spec, boolean immediate) {
        this(spec, immediate, null);
    }

    private Waiter(ClaimSpec spec, boolean immediate, @Nullable Seat seat) {
        this.spec = spec;
        this.immediate = immediate;
        this.seat = seat;
    }

    /** One who keeps a queue of this process for somebody. It stays the first until it is withdrawn. */
    static Waiter seated(ClaimSpec spec, Seat seat) {
        return new Waiter(spec, false, seat);
    }

    /** Whether one who comes later goes first. A seat keeps its queue. */
    boolean yieldsTo(Waiter later) {
        return seat == null && spec.priority() < later.spec.priority();
    }

    ByteString value() {
        if (value.isEmpty()) {
            value = spec.value().get();
        }
        return value;
    }
}
