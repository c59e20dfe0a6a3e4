/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere each item wakes every consumer that waits, and all but one have asked in vain. */
@Isolated("counts what is asked, which depends on how late each hears of it")
class F36_IdleConsumersIT {
    private final Server server = Server.real();
    private final String name = Server.freshName();
    private final List<Peer> peers = new ArrayList<>();
    private final Threads threads = new Threads();

    @AfterEach
    void leave() {
        threads.close();
        peers.forEach(Peer::close);
    }

    private List<DistributedQueue<String>> consumers(int count) {
        Stream.generate(() -> server.peer(Duration.ofMinutes(1))).limit(count).forEach(peers::add);
        return peers.stream()
                .map(peer -> DistributedQueue.create(peer.session(), name, Codec.utf8()))
                .toList();
    }

    private long sum(Function<TakeTally, LongAdder> count) {
        return peers.stream().mapToLong(peer -> count.apply(peer.tally).sum()).sum();
    }

    @Test
    void oneItem_for16WhoWait_isAskedForByOne() throws Exception {
        List<DistributedQueue<String>> consumers = consumers(16);
        List<CompletableFuture<String>> takes =
                consumers.stream().map(DistributedQueue::takeAsync).toList();
        server.awaitWaiting(name, 16);
        for (int i = 1; i <= 5; i++) {
            int so = i;
            long before = sum(tally -> tally.takes);
            long calls = peers.stream()
                    .mapToLong(peer -> peer.log.counts().unaryCalls("KV/Txn"))
                    .sum();
            consumers.get(15).offer("item");
            await().until(() -> takes.stream().filter(CompletableFuture::isDone).count() == so);
            // An offer may be written by two requests; nobody else has asked anything.
            assertThat(sum(tally -> tally.takes) - before).isLessThanOrEqualTo(2);
            assertThat(peers.stream()
                                    .mapToLong(peer -> peer.log.counts().unaryCalls("KV/Txn"))
                                    .sum()
                            - calls)
                    .isLessThanOrEqualTo(5);
        }
        assertThat(takes.stream().filter(CompletableFuture::isDone)).hasSize(5);
    }

    /** Where nobody waits, each takes the first one that is left. */
    @Test
    void backlogOf1000_for8Processes_isTakenWithHardlyAnyInVain() throws Exception {
        List<DistributedQueue<String>> consumers = consumers(8);
        List<String> all = IntStream.range(0, 1000).mapToObj(String::valueOf).toList();
        for (int i = 0; i < 1000; i += 100) {
            consumers.get(0).offerAll(all.subList(i, i + 100));
        }
        List<Future<List<String>>> work = consumers.stream()
                .map(queue -> threads.start(() -> {
                    List<String> some = new ArrayList<>();
                    Optional<String> next = queue.poll();
                    while (next.isPresent()) {
                        some.add(next.get());
                        next = queue.poll();
                    }
                    return some;
                }))
                .toList();
        List<String> taken = new ArrayList<>();
        for (Future<List<String>> each : work) {
            taken.addAll(soon(each));
        }
        System.out.println(
                "F36_IdleConsumersIT: takes " + sum(tally -> tally.takes) + ", in vain " + sum(tally -> tally.refused));
        assertThat(taken).containsExactlyInAnyOrderElementsOf(all);
        assertThat(sum(tally -> tally.refused)).isLessThan(sum(tally -> tally.takes) / 20);
        assertThat(sum(tally -> tally.takes)).isBetween(1000L, 1050L);
    }
}
