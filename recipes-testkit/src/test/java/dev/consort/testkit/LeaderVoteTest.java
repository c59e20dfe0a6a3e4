/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.MemberProbe.Status;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeaderVoteTest {
    private static final Status A_FOR_B = new Status("a", "b");
    private static final Status B_FOR_B = new Status("b", "b");
    private static final Status C_FOR_B = new Status("c", "b");
    private static final Status C_FOR_C = new Status("c", "c");
    private static final Status A_FOR_NOBODY = new Status("a", "0");

    @Test
    void count_majorityNamesAMemberThatAnswers() {
        assertThat(LeaderVote.count(3, Map.of(0, A_FOR_B, 1, B_FOR_B, 2, C_FOR_B)))
                .hasValue(1);
        assertThat(LeaderVote.count(3, Map.of(0, A_FOR_B, 1, B_FOR_B))).hasValue(1);
        assertThat(LeaderVote.count(1, Map.of(0, B_FOR_B))).hasValue(0);
    }

    @Test
    void count_oldLeaderHasNotHeardOfTheNewOne_majorityDecides() {
        assertThat(LeaderVote.count(3, Map.of(0, A_FOR_B, 1, B_FOR_B, 2, C_FOR_C)))
                .hasValue(1);
    }

    @Test
    void count_noMajorityOrNoAnswerOfTheLeader_nobody() {
        assertThat(LeaderVote.count(3, Map.of(1, B_FOR_B))).isEmpty();
        assertThat(LeaderVote.count(3, Map.of(0, A_FOR_B, 2, C_FOR_B))).isEmpty();
        assertThat(LeaderVote.count(3, Map.of(0, A_FOR_NOBODY, 1, B_FOR_B, 2, C_FOR_C)))
                .isEmpty();
        assertThat(LeaderVote.count(3, Map.of())).isEmpty();
    }
}
