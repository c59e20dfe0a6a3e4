/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the leader by what the members that can answer say. */
final class LeaderVote {
    private LeaderVote() {}

    /** The index of the member that more than half of all members take for the leader, and that itself answers. */
    static Optional<Integer> count(List<EtcdMember> members) {
        Map<String, Integer> indexes = new HashMap<>();
        Map<String, Integer> votes = new HashMap<>();
        for (EtcdMember member : members) {
            if (member.isAlive() && !member.isPaused()) {
                MemberProbe.status(member.endpoint()).ifPresent(status -> {
                    indexes.put(status.member(), member.index());
                    votes.merge(status.leader(), 1, Integer::sum);
                });
            }
        }
        return votes.entrySet().stream()
                .filter(vote -> 2 * vote.getValue() > members.size() && indexes.containsKey(vote.getKey()))
                .map(vote -> indexes.get(vote.getKey()))
                .findFirst();
    }
}
