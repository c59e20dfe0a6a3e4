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
 * The layout of a double barrier: {@code <name>/round}, which stays, and {@code <name>/in/<member>} for each who has come and
 * not left, bound to its session's lease.
 */
record DoubleKeys(String name) {
    /**
     * The round that is inside, or was last, as the durable key says it: {@code round=4 size=2 inside=694d-1,694e-4}. It is
     * over when none of those it names is there, which stays so.
     *
     * @param inside those of the round, in the order in which they came; empty before the first one
     */
    record Round(long number, int size, List<String> inside) {
        private static final Pattern LAYOUT = Pattern.compile("round=(\\d{1,18}) size=(\\d{1,9}) inside=(\\S*)");

        static Round none(int size) {
            return new Round(0, size, List.of());
        }

        Round next(List<String> members) {
            return new Round(number + 1, size, members);
        }

        String text() {
            return "round=" + number + " size=" + size + " inside=" + String.join(",", inside);
        }

        static Optional<Round> read(String text) {
            Matcher matcher = LAYOUT.matcher(text);
            return matcher.matches()
                    ? Optional.of(new Round(
                            Long.parseLong(matcher.group(1)),
                            Integer.parseInt(matcher.group(2)),
                            matcher.group(3).isEmpty()
                                    ? List.of()
                                    : List.of(matcher.group(3).split(",", -1))))
                    : Optional.empty();
        }
    }

    /**
     * The barrier at one revision.
     *
     * @param round null if there is no durable key yet, or none any more
     * @param created the create revision of the durable key
     * @param modified its mod revision
     * @param present who has come and not left, in the order in which they came
     */
    record State(@Nullable Round round, long created, long modified, List<Member> present) {
        Optional<Member> member(String id) {
            return present.stream().filter(member -> member.id().equals(id)).findAny();
        }

        /** Those of the round who have neither left nor died. */
        List<Member> inside() {
            return round == null
                    ? List.of()
                    : present.stream()
                            .filter(member -> round.inside().contains(member.id()))
                            .toList();
        }

        List<Member> waiting() {
            return round == null
                    ? List.of()
                    : present.stream()
                            .filter(member -> !round.inside().contains(member.id()))
                            .toList();
        }
    }

    String round() {
        return name + "/round";
    }

    String member(String id) {
        return name + "/in/" + id;
    }

    State read(Collection<Entry> keys) {
        Round round = null;
        long created = 0;
        long modified = 0;
        List<Member> present = new ArrayList<>();
        for (Entry entry : keys) {
            String key = entry.key().toStringUtf8();
            if (key.equals(round())) {
                round = Round.read(entry.value().toStringUtf8())
                        .orElseThrow(() -> foreign(entry, "does not say the round of a double barrier"));
                created = entry.createRevision();
                modified = entry.modRevision();
            } else {
                String id = MemberId.of(
                                entry,
                                key.startsWith(member(""))
                                        ? key.substring(member("").length())
                                        : "")
                        .orElseThrow(() -> foreign(entry, "is none of this barrier's"));
                present.add(new Member(id, entry.createRevision()));
            }
        }
        // Older keys were left behind when an operator deleted the durable one.
        long since = created;
        return new State(
                round,
                created,
                modified,
                present.stream()
                        .filter(member -> member.created() > since)
                        .sorted(Member.FIRST_COME)
                        .toList());
    }

    private RecipeException foreign(Entry entry, String what) {
        return new RecipeException(
                EtcdDoubleBarrier.RECIPE,
                name,
                "the key '" + entry.key().toStringUtf8() + "' " + what
                        + "; delete that key, or give the barrier a name that nobody else uses",
                null);
    }
}
