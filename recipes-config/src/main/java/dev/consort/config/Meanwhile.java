/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What was done below a root between the base of a draft and its refusal. Immutable.
 *
 * @param before null if etcd does not keep it any more, or does not answer
 * @param there null if that cannot be read either
 */
record Meanwhile(@Nullable RootKeys before, @Nullable RootKeys there) {
    private static final int MOST_TOLD = 128;

    /** Reads it; never fails, since it is certain by now that nothing was written. */
    static CompletableFuture<Meanwhile> of(Draft draft, Outcome refused) {
        CompletableFuture<@Nullable RootKeys> before = draft.known().isEmpty()
                ? at(draft, draft.base())
                : CompletableFuture.completedFuture(new RootKeys(draft.base(), draft.known()));
        return before.thenCombine(at(draft, refused.revision()), Meanwhile::new);
    }

    private static CompletableFuture<@Nullable RootKeys> at(Draft draft, long revision) {
        return CompletableFuture.completedFuture(revision) // so that what is thrown is a failure too
                .thenCompose(of -> RootKeys.at(draft.keys(), of))
                .handle((keys, failure) -> keys);
    }

    /** All that is to be said of a refusal. */
    WriteOutcome outcome(Draft draft, Outcome refused) {
        List<WriteConflict> conflicts = new ArrayList<>(draft.missed(refused));
        RootKeys now = there;
        if (now != null) {
            changed(draft, now)
                    .forEach(name -> conflicts.add(conflict(draft, name.toStringUtf8(), revision(now, name))));
        }
        if (conflicts.isEmpty()) {
            conflicts.add(conflict(draft, "", 0));
        }
        return new WriteOutcome(refused.revision(), conflicts.subList(0, Math.min(MOST_TOLD, conflicts.size())));
    }

    private List<ByteString> changed(Draft draft, RootKeys now) {
        return before != null
                ? List.copyOf(before.differentFrom(now))
                : now.written().keySet().stream()
                        .filter(name -> revision(now, name) > draft.base())
                        .toList();
    }

    private static long revision(RootKeys keys, ByteString name) {
        return keys.written().getOrDefault(name, 0L);
    }

    private static WriteConflict conflict(Draft draft, String name, long revision) {
        return new WriteConflict(name, "unchanged since revision " + draft.base(), revision, Optional.empty());
    }
}
