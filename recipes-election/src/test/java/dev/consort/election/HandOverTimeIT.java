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
    private static final int TRIES = 3;

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

    /** What half of the hand-overs took at most, and 99 of 100. */
    private record Times(Duration half, Duration most) {
        boolean areAsPromised() {
            return half.compareTo(Duration.ofMillis(20)) <= 0 && most.compareTo(Duration.ofMillis(250)) <= 0;
        }
    }

    /** The best of some tries: others may have the machine for a while. */
    @ParameterizedTest
    @EnumSource(Way.class)
    void leadershipEnds_nextOneLeads_medianOf20Millis(Way way) throws InterruptedException {
        List<Times> tries = new ArrayList<>();
        do {
            tries.add(times(way));
        } while (tries.size() < TRIES && !tries.get(tries.size() - 1).areAsPromised());
        System.out.println(way + ": " + tries);
        assertThat(tries).anyMatch(Times::areAsPromised);
    }

    private static Times times(Way way) throws InterruptedException {
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
        return new Times(sorted.get(HAND_OVERS / 2), sorted.get(HAND_OVERS * 99 / 100));
    }
}
