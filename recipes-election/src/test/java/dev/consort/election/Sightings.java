/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.election.LeaderElection.Leader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** What an observer was told, in order. Thread-safe. */
final class Sightings implements Consumer<Optional<Leader>> {
    private final List<Optional<Leader>> all = new CopyOnWriteArrayList<>();

    @Override
    public void accept(Optional<Leader> leader) {
        all.add(leader);
    }

    int count() {
        return all.size();
    }

    /** The values in order; a dash where nobody led. */
    List<String> values() {
        return all.stream().map(seen -> seen.map(Leader::value).orElse("-")).toList();
    }

    String last() {
        List<String> values = values();
        return values.isEmpty() ? "" : values.get(values.size() - 1);
    }

    /** Each term once, in the order in which it was seen first. */
    List<Long> terms() {
        List<Long> terms = new ArrayList<>();
        for (Optional<Leader> seen : all) {
            seen.map(Leader::term)
                    .filter(term -> terms.isEmpty() || !term.equals(terms.get(terms.size() - 1)))
                    .ifPresent(terms::add);
        }
        return terms;
    }

    void assertNeverWentBack() {
        assertThat(terms()).isSorted().doesNotHaveDuplicates();
        for (int i = 1; i < all.size(); i++) {
            assertThat(all.get(i)).as("a report that is none").isNotEqualTo(all.get(i - 1));
        }
    }
}
