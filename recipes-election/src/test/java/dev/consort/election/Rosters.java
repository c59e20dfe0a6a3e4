/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.election.Membership.Change;
import dev.consort.election.Membership.Change.Kind;
import dev.consort.election.Membership.Member;
import dev.consort.election.Membership.Roster;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** What an observer was told, in order. Thread-safe. */
final class Rosters implements Consumer<Roster> {
    private final List<Roster> all = new CopyOnWriteArrayList<>();

    @Override
    public void accept(Roster roster) {
        all.add(roster);
    }

    List<Roster> all() {
        return List.copyOf(all);
    }

    /** Each change as {@code +id=value}, {@code ~id=value} or {@code -id}. */
    List<String> changes() {
        return all.stream()
                .flatMap(roster -> roster.changes().stream())
                .map(Rosters::text)
                .toList();
    }

    private static String text(Change change) {
        Member member = change.member();
        return switch (change.kind()) {
            case JOINED -> "+" + member.id() + "=" + member.value();
            case CHANGED -> "~" + member.id() + "=" + member.value();
            case LEFT -> "-" + member.id();
        };
    }

    List<Member> members() {
        return all.isEmpty() ? List.of() : all.get(all.size() - 1).members();
    }

    /** Each report follows from the one before by its changes, at a later revision. */
    void assertConsistent() {
        Map<String, Member> members = new LinkedHashMap<>();
        long revision = 0;
        for (Roster roster : all) {
            assertThat(roster.revision()).isGreaterThan(revision);
            assertThat(roster.changes().isEmpty())
                    .isEqualTo(revision == 0 && roster.members().isEmpty());
            revision = roster.revision();
            for (Change change : roster.changes()) {
                Member member = change.member();
                Member before =
                        change.kind() == Kind.LEFT ? members.remove(member.id()) : members.put(member.id(), member);
                switch (change.kind()) {
                    case JOINED -> assertThat(before).isNull();
                    case CHANGED -> assertThat(before).isNotNull().isNotEqualTo(member);
                    case LEFT -> assertThat(before).isEqualTo(member);
                }
            }
            List<Member> expected = new ArrayList<>(members.values());
            expected.sort(MemberKeys.FIRST_COME);
            assertThat(roster.members()).isEqualTo(expected);
        }
    }
}
