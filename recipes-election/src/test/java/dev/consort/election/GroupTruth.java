/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.election.Membership.Member;
import dev.consort.election.Membership.Roster;
import dev.consort.testkit.Commit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A group as the server's log has it, by which to judge what was believed of it. Confined to its test. */
final class GroupTruth {
    private final NavigableMap<Long, List<Member>> members = new TreeMap<>(); // where they changed
    private final List<Member[]> overwritten = new ArrayList<>(); // before and after

    GroupTruth(String group, List<Commit> log) {
        Map<String, Member> now = new HashMap<>();
        members.put(0L, List.of());
        for (Commit commit : log) {
            for (Commit.Change change : commit.changes()) {
                String key = change.key().toString(UTF_8);
                if (key.startsWith(group + "/")) {
                    apply(key.substring(group.length() + 1), change, now);
                }
            }
            List<Member> present =
                    now.values().stream().sorted(MemberKeys.FIRST_COME).toList();
            if (!present.equals(members.lastEntry().getValue())) {
                members.put(commit.revision(), present);
            }
        }
    }

    private void apply(String id, Commit.Change change, Map<String, Member> now) {
        if (change.deleted()) {
            now.remove(id);
            return;
        }
        Member after = new Member(id, change.value().toString(UTF_8), change.created(), change.lease());
        Member before = now.put(id, after);
        if (before != null) {
            overwritten.add(new Member[] {before, after});
        }
    }

    /** What is written over was of the same process: nobody else may touch it while it is there. */
    void assertNobodyTookAKey(Map<Long, Integer> owners) {
        assertThat(overwritten)
                .allSatisfy(pair -> assertThat(owners.get(pair[1].leaseId()))
                        .as("%s over %s", pair[1], pair[0])
                        .isNotNull()
                        .isEqualTo(owners.get(pair[0].leaseId())));
    }

    /** Whether the last change has been reported. */
    boolean isAllTold(List<Roster> reports) {
        return reports.get(reports.size() - 1).revision() >= members.lastKey();
    }

    /**
     * Each report is true at its revision.
     *
     * @param complete whether none may be left out after the first one
     */
    void assertTold(List<Roster> reports, boolean complete) {
        assertThat(reports)
                .allSatisfy(report -> assertThat(report.members())
                        .as("at revision %s", report.revision())
                        .isEqualTo(members.floorEntry(report.revision()).getValue()));
        if (complete) {
            long first = reports.get(0).revision();
            assertThat(reports.subList(1, reports.size()))
                    .extracting(Roster::revision)
                    .containsExactlyElementsOf(members.tailMap(first, false).keySet());
        }
    }
}
