/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.MemberProbe.Status;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the leader by what the members say. */
final class LeaderVote {
    private static final Duration TIME = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(10);

    private LeaderVote() {}

    /** Whether a majority runs that could elect one. */
    static boolean possible(List<EtcdMember> members) {
        long running = members.stream().filter(LeaderVote::mayVote).count();
        return 2 * running > members.size();
    }

    /**
     * Waits for the leader of the members that run and are not paused.
     *
     * @return its index
     * @throws EtcdProcessException if there is none within 10 s
     */
    static int await(ClusterAccess access, List<EtcdMember> members) {
        long deadline = System.nanoTime() + TIME.toNanos();
        while (true) {
            Map<Integer, Status> answers = new HashMap<>();
            for (EtcdMember member : members) {
                if (mayVote(member)) {
                    MemberProbe.status(access, member.endpoint())
                            .ifPresent(status -> answers.put(member.index(), status));
                }
            }
            Optional<Integer> leader = count(members.size(), answers);
            if (leader.isPresent()) {
                return leader.get();
            }
            if (System.nanoTime() - deadline > 0) {
                throw new EtcdProcessException("no majority of " + members + " agreed on a leader within 10 s");
            }
            Bounded.pause(PAUSE);
        }
    }

    private static boolean mayVote(EtcdMember member) {
        return member.isAlive() && !member.isPaused();
    }

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
