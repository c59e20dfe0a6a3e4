/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.job.JobInTrouble;
import dev.consort.testkit.stress.Chaos;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Members die and sleep, the quorum is lost, networks break and fall silent: one leader at a time all the same, for a job as
 * well; the observers of a group are told the truth; and there is progress after it.
 */
@Tag("chaos")
class ElectionChaos {
    @Test
    @Timeout(90)
    void election_clusterInTrouble_oneLeaderAndProgress() {
        long seed = System.nanoTime();
        System.out.println("LeaderElection: seed " + seed);
        Map<String, Long> tally = Chaos.run(
                client -> ElectionContender.open(client, Duration.ofSeconds(3)),
                6,
                Duration.ofSeconds(20),
                seed,
                List.of(JobInTrouble::new, GroupInTrouble::new));
        System.out.println("LeaderElection: " + tally);
        assertThat(tally).containsKey("KILL_LEADER");
    }
}
