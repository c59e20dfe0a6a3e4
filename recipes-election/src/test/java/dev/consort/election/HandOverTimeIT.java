/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How soon the next one leads, from the call of the one before to the answer to its own. */
@Isolated("measures")
class HandOverTimeIT {
    private static final int WARM_UP = 10;
    private static final int HAND_OVERS = 100;

    private enum Way {
        RESIGN,
        CLOSE,
        TRANSFER;

        void end(Leadership leadership, LeaderElection election) throws InterruptedException {
            switch (this) {
                case RESIGN -> assertThat(leadership.resign()).isTrue();
                case CLOSE -> leadership.close();
                case TRANSFER -> {
                    LeaderElection.Leader next = election.participants().get(1);
                    assertThat(leadership.transfer(next, Duration.ofSeconds(5))).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void leadershipEnds_nextOneLeads_medianOf20Millis(Way way) throws InterruptedException {
        String name = Peer.newName();
        List<Duration> times = new ArrayList<>();
        try (Peer one = Peer.join();
                Peer two = Peer.join()) {
            Leadership leading = one.election(name).campaign("0");
            for (int i = 0; i < WARM_UP + HAND_OVERS; i++) {
                Peer from = i % 2 == 0 ? one : two;
                LeaderElection to = (i % 2 == 0 ? two : one).election(name);
                CompletableFuture<Leadership> next = to.campaignAsync(Integer.toString(i + 1));
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> from.claims(name).size() == 2);
                long start = System.nanoTime();
                way.end(leading, from.election(name));
                leading = now(next);
                times.add(Duration.ofNanos(System.nanoTime() - start));
            }
            leading.close();
        }
        List<Duration> sorted = new ArrayList<>(times.subList(WARM_UP, times.size()));
        Collections.sort(sorted);
        System.out.println(way + ": median " + sorted.get(HAND_OVERS / 2) + ", longest " + sorted.get(HAND_OVERS - 1));
        assertThat(sorted.get(HAND_OVERS / 2)).isLessThanOrEqualTo(Duration.ofMillis(20));
        assertThat(sorted.get(HAND_OVERS * 99 / 100)).isLessThanOrEqualTo(Duration.ofMillis(250));
    }
}
