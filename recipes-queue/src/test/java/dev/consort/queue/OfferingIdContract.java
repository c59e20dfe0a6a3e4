/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.offer;
import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.queue.Offering.Result;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of offers by an id, whatever server is behind them. */
abstract class OfferingIdContract {
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final Offering mine = here.offering(name, Orders.FIFO, 0, WINDOW);
    private final Offering theirs = there.offering(name, Orders.FIFO, 0, WINDOW);

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
    }

    private long leaseOf(String id) {
        return server.get(name + "/id/" + id).orElseThrow().getLease();
    }

    @Test
    void id_isOfferedOnce_whoeverOffersIt() throws Exception {
        assertThat(offer(mine, 0, "a", "1", "2")).isEqualTo(Result.OFFERED);
        assertThat(offer(theirs, 0, "a", "3")).isEqualTo(Result.ALREADY_OFFERED);
        assertThat(offer(mine, 0, "a", "3")).isEqualTo(Result.ALREADY_OFFERED);
        assertThat(offer(theirs, 0, "a/b", "4")).isEqualTo(Result.OFFERED);
        assertThat(server.values(name)).containsExactly("1", "2", "4");
        assertThat(server.items(name)).allMatch(item -> item.lease() == 0);
        server.items(name).forEach(item -> server.delete(item.key()));
        assertThat(offer(theirs, 0, "a", "5")).isEqualTo(Result.ALREADY_OFFERED); // though it was taken
        server.delete(name + "/id/a");
        assertThat(offer(theirs, 0, "a", "6")).isEqualTo(Result.OFFERED);
    }

    @Test
    void racingOffersOfOneId_oneIsMade() throws Exception {
        for (int round = 0; round < 10; round++) {
            String id = "id " + round;
            List<Future<Result>> offering = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Offering to = i % 2 == 0 ? mine : theirs;
                offering.add(threads.start(() -> offer(to, 0, id, id)));
            }
            List<Result> results = new ArrayList<>();
            for (Future<Result> each : offering) {
                results.add(soon(each));
            }
            assertThat(results).filteredOn(result -> result == Result.OFFERED).hasSize(1);
            assertThat(results)
                    .filteredOn(result -> result == Result.ALREADY_OFFERED)
                    .hasSize(7);
        }
        assertThat(server.values(name)).hasSize(10).doesNotHaveDuplicates();
    }

    @Test
    void idsOfAWindow_shareALease_thatLastsForTwo() throws Exception {
        offer(mine, "the first of a connection");
        CallCounts before = here.log.counts();
        List<CompletableFuture<Result>> offering = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            offering.add(mine.offer(Party.bytes("v"), 0, "a" + i));
        }
        for (CompletableFuture<Result> each : offering) {
            assertThat(soon(each)).isEqualTo(Result.OFFERED);
        }
        assertThat(here.log.counts().since(before).unaryCalls("Lease/LeaseGrant"))
                .isEqualTo(1);
        assertThat(here.log.counts().since(before).unaryCalls()).isEqualTo(21);
        here.timing.jump(WINDOW.minusSeconds(30));
        offer(mine, 0, "b", "v");
        assertThat(leaseOf("b")).isEqualTo(leaseOf("a0")).isEqualTo(leaseOf("a19"));
        assertThat(server.ttl(leaseOf("b")))
                .isBetween(WINDOW.multipliedBy(2), WINDOW.multipliedBy(2).plusSeconds(10));
        here.timing.jump(Duration.ofSeconds(30));
        offer(mine, 0, "c", "v");
        offer(mine, 0, "d", "v");
        assertThat(leaseOf("c")).isNotEqualTo(leaseOf("b")).isEqualTo(leaseOf("d"));
    }

    @Test
    void leaseThatIsGone_isReplaced() throws Exception {
        assertThat(offer(mine, 0, "a", "1")).isEqualTo(Result.OFFERED);
        long first = leaseOf("a");
        server.revoke(first);
        assertThat(offer(mine, 0, "b", "2")).isEqualTo(Result.OFFERED);
        assertThat(leaseOf("b")).isNotEqualTo(first).isNotZero();
        assertThat(offer(mine, 0, "c", "3")).isEqualTo(Result.OFFERED);
        assertThat(leaseOf("c")).isEqualTo(leaseOf("b"));
        assertThat(server.values(name)).containsExactly("1", "2", "3");
    }
}
