/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Entry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The layout of a cyclic barrier: {@code <name>/generation}, which stays, and {@code <name>/<generation>/<member>} for each
 * who waits, bound to its session's lease.
 */
record CyclicKeys(String name) {
    private static final Pattern MEMBER = Pattern.compile("([0-9]{1,18})/(.*)", Pattern.DOTALL);

    String generation() {
        return name + "/generation";
    }

    String members(long generation) {
        return name + "/" + generation + "/";
    }

    String member(long generation, String id) {
        return members(generation) + id;
    }

    /**
     * The barrier at one revision.
     *
     * @param generation null if there is none yet, or none any more
     * @param created the create revision of the durable key, by which one that was deleted and made again is told
     * @param modified its mod revision, which every change of the generation moves
     * @param members of this generation, in the order in which they came
     */
    record State(@Nullable Generation generation, long created, long modified, List<Member> members) {
        List<String> ids() {
            return members.stream().map(Member::id).toList();
        }
    }

    State read(Collection<Entry> keys) {
        Optional<Entry> durable = keys.stream().filter(this::isDurable).findAny();
        Generation generation = durable.map(this::generation).orElse(null);
        // Older keys of members were left behind when an operator deleted the durable one.
        long since = durable.map(Entry::createRevision).orElse(Long.MAX_VALUE);
        List<Member> members = new ArrayList<>();
        for (Entry entry : keys) {
            if (!isDurable(entry)) {
                Matcher matcher = MEMBER.matcher(entry.key().toStringUtf8().substring(name.length() + 1));
                Optional<String> id = matcher.matches() ? MemberId.of(entry, matcher.group(2)) : Optional.empty();
                if (id.isEmpty()) {
                    throw foreign(entry, "is none of this barrier's");
                }
                if (entry.createRevision() > since
                        && generation != null
                        && Long.parseLong(matcher.group(1)) == generation.number()) {
                    members.add(new Member(id.get(), entry.createRevision()));
                }
            }
        }
        members.sort(Member.FIRST_COME);
        return new State(
                generation,
                durable.map(Entry::createRevision).orElse(0L),
                durable.map(Entry::modRevision).orElse(0L),
                members);
    }

    private boolean isDurable(Entry entry) {
        return entry.key().toStringUtf8().equals(generation());
    }

    private Generation generation(Entry durable) {
        return Generation.read(durable.value().toStringUtf8())
                .orElseThrow(() -> foreign(durable, "does not say the generation of a barrier"));
    }

    private RecipeException foreign(Entry entry, String what) {
        return new RecipeException(
                EtcdCyclicBarrier.RECIPE,
                name,
                "the key '" + entry.key().toStringUtf8() + "' " + what
                        + "; delete that key, or give the barrier a name that nobody else uses",
                null);
    }
}
