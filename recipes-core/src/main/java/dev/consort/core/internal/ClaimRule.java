/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * When a claim is granted: a predicate over the claims of its queue in order, what etcd is asked to decide it, and the
 * layout of the keys that tell what a claim wants. Once true it must stay true while the claim exists, given that earlier
 * claims can only go: that is why anybody may say so, twice and late. Immutable.
 */
interface ClaimRule {
    /** A session's claim under this rule, without the queue's prefix. */
    ByteString suffix(long lease);

    /** The lease of any claim of such a queue; empty if the key is none. */
    OptionalLong lease(QueuedClaim claim);

    /** A key beside the claim that says more of it and goes with it, without the queue's prefix. */
    default Optional<ByteString> mark(long lease) {
        return Optional.empty();
    }

    /** The claims of a queue, from its keys in the order of their revisions. */
    default List<QueuedClaim> claims(List<QueuedClaim> keysInOrder) {
        return keysInOrder;
    }

    /** What is read as the claim is put, at the same revision; unsorted, for it is within the server's apply loop. */
    List<RangeRequest.Builder> whenMade(QueueKeys keys);

    /** What that says. */
    Verdict made(QueueKeys keys, List<RangeResponse> read);

    /** What is read later on, by a transaction that reads only. */
    List<RangeRequest.Builder> whenChecked(QueueKeys keys, long revision);

    /** What that says; never {@link Verdict#unknown}. */
    Verdict checked(QueueKeys keys, List<RangeResponse> read);

    /** How many of the first claims of a queue are granted. */
    int granted(List<QueuedClaim> inOrder);

    /** Whether the end of a claim may grant some that are behind others which were granted before. */
    default boolean mayGrantBeyond(QueuedClaim left) {
        return true;
    }

    /** What is read to tell those that are granted by the end of one, outside of any transaction. */
    default RangeRequest all(QueueKeys keys, int limit) {
        return ClaimTxns.first(keys, limit);
    }

    /**
     * Whether the first claim that is not granted waits for the end of any other one, and those behind it wait for it to
     * be granted, which they are told.
     */
    default boolean firstIsTold() {
        return false;
    }

    /** What has to be as it was read when somebody is told that he is granted, beside the claims. */
    default Optional<QueuedClaim> condition(List<QueuedClaim> inOrder) {
        return Optional.empty();
    }

    /** Whom a held claim under this rule grants by going, as far as what is known to follow it tells that. */
    Next next(List<QueuedClaim> following);

    /**
     * Those that are granted when a claim goes.
     *
     * @param granted all of them, or nobody if that is not known
     * @param stopper the first that is not granted, if it has to be there still: else there may be more to be granted
     */
    record Next(List<QueuedClaim> granted, @Nullable QueuedClaim stopper) {
        static final Next UNKNOWN = new Next(List.of(), null);
    }

    /**
     * What a read says about a claim.
     *
     * @param granted whether it is granted
     * @param ahead how many claims are before it, about
     * @param blockers claims before it that keep it waiting while all of them exist; empty if it is granted, if any claim's
     *     end may grant it, or if it has to be checked
     * @param first whether any claim's end may grant it
     * @param never why it can never be granted
     */
    record Verdict(boolean granted, long ahead, List<QueuedClaim> blockers, boolean first, Optional<String> never) {
        static final Verdict GRANTED = new Verdict(true, 0, List.of(), false, Optional.empty());

        static Verdict behind(QueuedClaim blocker) {
            return behind(blocker, 1);
        }

        static Verdict behind(QueuedClaim blocker, long ahead) {
            return new Verdict(false, ahead, List.of(blocker), false, Optional.empty());
        }

        /** Which of those before it matter is to be checked. */
        static Verdict unknown(long ahead) {
            return new Verdict(false, ahead, List.of(), false, Optional.empty());
        }

        static Verdict first(long ahead) {
            return new Verdict(false, ahead, List.of(), true, Optional.empty());
        }

        static Verdict never(String why) {
            return new Verdict(false, 0, List.of(), false, Optional.of(why));
        }
    }
}
