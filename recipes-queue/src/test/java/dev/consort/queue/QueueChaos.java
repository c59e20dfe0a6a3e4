/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.stress.Chaos;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Members die and sleep, the quorum is lost, networks break and fall silent: no item is lost or comes twice all the same. */
@Tag("chaos")
class QueueChaos {
    @Test
    @Timeout(90)
    void queues_clusterInTrouble_loseNothing() {
        long seed = System.nanoTime();
        System.out.println("Queues: seed " + seed);
        Map<String, Long> tally =
                Chaos.run(Duration.ofSeconds(12), seed, List.of(WorkInTrouble::new, TakersInTrouble::new));
        System.out.println("Queues: " + tally);
        assertThat(tally).hasSizeGreaterThan(3);
    }
}
