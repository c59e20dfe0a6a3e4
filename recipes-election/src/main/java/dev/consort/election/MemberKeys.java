/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.election.Membership.Member;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The layout of a group: {@code <group>/<id>} for each member, with its value as it is, bound to its session's lease. What is
 * bound to no lease or has more segments is none of a member's.
 */
record MemberKeys(String group) {
    static final Comparator<Member> FIRST_COME =
            Comparator.comparingLong(Member::joined).thenComparing(Member::id);

    private static final int MAX_ID = 1024;
    private static final int MAX_VALUE = 1 << 20;

    String key(String id) {
        return group + "/" + id;
    }

    /** Empty if the key is none of a member's. */
    Optional<Member> member(Entry entry) {
        String id = entry.key().toStringUtf8().substring(group.length() + 1);
        return entry.leaseId() == 0 || id.isEmpty() || id.contains("/")
                ? Optional.empty()
                : Optional.of(new Member(id, entry.value().toStringUtf8(), entry.createRevision(), entry.leaseId()));
    }

    List<Member> members(Collection<Entry> keys) {
        return keys.stream()
                .flatMap(entry -> member(entry).stream())
                .sorted(FIRST_COME)
                .toList();
    }

    static String checkedId(String id) {
        if (Objects.requireNonNull(id, "id").isEmpty() || id.contains("/")) {
            throw new IllegalArgumentException(
                    "id '" + shown(id) + "' " + (id.isEmpty() ? "is empty" : "has a slash") + ": give one segment");
        }
        return checked("id", id, 1, MAX_ID);
    }

    /** What the value says is nobody else's business: no message shows it. */
    static String checkedValue(String value) {
        return checked("value", Objects.requireNonNull(value, "value"), 0, MAX_VALUE);
    }

    private static String checked(String what, String text, int min, int max) {
        String which = what.equals("id") ? "id '" + shown(text) + "'" : "value";
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(which + " is not valid Unicode");
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > max) {
            throw new IllegalArgumentException(which + " has " + bytes + " bytes of UTF-8: give " + min + " to " + max);
        }
        return text;
    }

    private static String shown(String text) {
        return text.length() > 64 ? text.substring(0, 64) + "..." : text;
    }
}
