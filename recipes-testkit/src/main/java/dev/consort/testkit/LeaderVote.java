/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.MemberProbe.Status;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Finds the leader by what the members say. */
final class LeaderVote {
    private LeaderVote() {}

    /**
     * The index of the member that more than half of all members take for the leader, and that itself has answered.
     *
     * @param members how many there are, also of those that do not answer
     * @param answers by the members' indexes
     */
    static Optional<Integer> count(int members, Map<Integer, Status> answers) {
        Map<String, Integer> indexes = new HashMap<>();
        Map<String, Integer> votes = new HashMap<>();
        answers.forEach((index, status) -> {
            indexes.put(status.member(), index);
            votes.merge(status.leader(), 1, Integer::sum);
        });
        return votes.entrySet().stream()
                .filter(vote -> 2 * vote.getValue() > members && indexes.containsKey(vote.getKey()))
                .map(vote -> indexes.get(vote.getKey()))
                .findFirst();
    }
}
