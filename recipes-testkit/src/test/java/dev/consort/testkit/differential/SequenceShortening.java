/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import dev.consort.testkit.differential.Sequences.Failing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Leaves out of a sequence what is not needed for it to fail in the same way. */
final class SequenceShortening {
    private final Supplier<? extends Comparison> fresh;

    SequenceShortening(Supplier<? extends Comparison> fresh) {
        this.fresh = fresh;
    }

    /** Halves first, then ever smaller parts; nothing if it does not fail so again at all. */
    Optional<Failing> shortest(Failing failing) {
        Optional<Failing> shortest = again(failing.steps(), failing.why());
        int length = failing.steps().size();
        int size = Math.max(1, length / 2);
        while (size > 0 && shortest.isPresent()) {
            boolean shorter = false;
            for (int at = length - size; at >= 0; at = Math.min(at - size, length - size)) {
                List<Step> rest = new ArrayList<>(shortest.get().steps());
                rest.subList(at, at + size).clear();
                Optional<Failing> found = again(rest, failing.why());
                if (found.isPresent()) {
                    shortest = found;
                    length = rest.size();
                    shorter = true;
                }
            }
            size = shorter && size == 1 ? 1 : size / 2;
        }
        return shortest;
    }

    /** On servers of its own, so that it is this sequence that fails and not what another one has left. */
    private Optional<Failing> again(List<Step> steps, SequenceFailure why) {
        try (Comparison servers = fresh.get()) {
            return Failing.of(servers, steps).filter(failing -> failing.why().kind() == why.kind());
        }
    }
}
