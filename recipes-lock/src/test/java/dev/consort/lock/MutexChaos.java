/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.stress.Chaos;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Members die and sleep, networks break and fall silent: one holder at a time all the same, and progress after it. */
@Tag("chaos")
class MutexChaos {
    @Test
    @Timeout(90)
    void mutex_clusterInTrouble_oneHolderAndProgress() {
        long seed = System.nanoTime();
        System.out.println("Mutex: seed " + seed);
        Map<String, Long> tally =
                Chaos.run(client -> new MutexContender(client, Duration.ofSeconds(3)), 6, Duration.ofSeconds(17), seed);
        System.out.println("Mutex: " + tally);
        assertThat(tally).containsKey("KILL_LEADER");
    }
}
