/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Judges what the parties of a barrier were told, which no order of single operations can: a round is one of all its
 * parties at once. All of a round are told the same; nobody passes before all have come; rounds follow each other.
 *
 * <p>An operation is an arrival: OK if it passed, FAILED if it certainly did not, and UNKNOWN if its client cannot say, which
 * may be one that is missing in a round.
 */
public final class BarrierRounds {
    private final int parties;
    private final List<Operation<Round>> history;
    private final List<String> violations = new ArrayList<>();

    private BarrierRounds(int parties, List<Operation<Round>> history) {
        this.parties = parties;
        this.history = history;
    }

    /**
     * What a party was told of its round.
     *
     * @param number rounds have rising numbers; 0 if the party was told of none
     * @param index as the barrier gave it to one that passed, from 0 to below the number of parties; -1 for others
     */
    public record Round(long number, int index) {
        /** Of one that belonged to no round. */
        public static final Round NONE = new Round(0, -1);
    }

    /**
     * What is wrong with a history of one barrier; nothing if it is as it should be.
     *
     * @param parties how many make a round
     */
    public static List<String> violations(int parties, List<Operation<Round>> history) {
        BarrierRounds rounds = new BarrierRounds(parties, history);
        rounds.judge();
        return List.copyOf(rounds.violations);
    }

    private void judge() {
        SortedMap<Long, List<Operation<Round>>> passed = new TreeMap<>();
        for (Operation<Round> operation : history) {
            if (operation.outcome() == Outcome.OK) {
                passed.computeIfAbsent(operation.what().number(), number -> new ArrayList<>())
                        .add(operation);
            }
        }
        long tripped = 0; // the earliest moment at which the round may have been completed
        for (Map.Entry<Long, List<Operation<Round>>> round : passed.entrySet()) {
            verdicts(round.getKey(), round.getValue());
            long lastCame = round.getValue().stream()
                    .mapToLong(Operation::invoked)
                    .max()
                    .orElseThrow();
            tripped = Math.max(tripped, lastCame);
            for (Operation<Round> member : round.getValue()) {
                if (member.completed() < tripped) {
                    violations.add("passed before all of round " + round.getKey()
                            + " had come, or those of an earlier round: " + member);
                }
            }
        }
    }

    private void verdicts(long round, List<Operation<Round>> members) {
        Set<Integer> indices = new HashSet<>();
        for (Operation<Round> member : members) {
            int index = member.what().index();
            if (index < 0 || index >= parties || !indices.add(index)) {
                violations.add("an index that cannot be, or is another one's, in round " + round + ": " + member);
            }
        }
        int missing = parties - members.size();
        long unknown = history.stream()
                .filter(operation -> operation.outcome() == Outcome.UNKNOWN)
                .count();
        if (missing > unknown) {
            violations.add("round " + round + " was passed by " + members.size() + " of " + parties + ": " + members);
        }
        history.stream()
                .filter(operation -> operation.outcome() == Outcome.FAILED
                        && operation.what().number() == round)
                .forEach(failed ->
                        violations.add("round " + round + " was passed by others, but not so for: " + failed));
    }
}
