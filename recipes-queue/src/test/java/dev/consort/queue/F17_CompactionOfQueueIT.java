/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a watch that cannot go on after a compaction is silent for ever, or goes on with a hole. */
@Isolated("compacts what others read")
class F17_CompactionOfQueueIT {
    private final Server server = Server.embedded();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final DistributedQueue<String> mine = DistributedQueue.create(here.session(), name, Codec.utf8());
    private final DistributedQueue<String> theirs = DistributedQueue.create(there.session(), name, Codec.utf8());

    @AfterEach
    void leave() {
        here.close();
        there.close();
    }

    private CallFault watchesFail() {
        CallFault fault = here.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(here.faults.breakStreams("Watch/Watch")).isPositive();
        return fault;
    }

    @Test
    void compactedWhileItsWatchWasAway_isReadAgain() throws Exception {
        CompletableFuture<String> first = mine.takeAsync();
        CompletableFuture<String> second = mine.takeAsync();
        await().until(() -> server.waiting(name) > 0);
        CallFault away = watchesFail();
        theirs.offerAll(List.of("a", "b"));
        assertThat(theirs.peek()).contains("a");
        server.delete(server.items(name).get(0).key());
        server.put("anything", "else");
        server.compact();
        assertThat(first).isNotDone();
        away.stop();
        assertThat(soon(first)).isEqualTo("b");
        theirs.offer("c");
        assertThat(soon(second)).isEqualTo("c");
    }

    @Test
    void watchBroken_goesOnWhereItWas() throws Exception {
        for (int i = 0; i < 20; i++) {
            CompletableFuture<String> next = mine.takeAsync();
            here.faults.breakStreams("Watch/Watch");
            theirs.offer("item " + i);
            here.faults.breakStreams("Watch/Watch");
            assertThat(soon(next)).isEqualTo("item " + i);
        }
    }

    /** The page that it wants to read next, as of what it knows, cannot be read any more. */
    @Test
    void compactedBeforeTheNextPage_isReadAgain() throws Exception {
        List<String> all = IntStream.range(0, 700).mapToObj(String::valueOf).toList();
        for (int i = 0; i < 700; i += 100) {
            theirs.offerAll(all.subList(i, i + 100));
        }
        List<String> taken = new ArrayList<>();
        while (taken.size() < all.size()) {
            for (CompletableFuture<String> each :
                    IntStream.range(0, 20).mapToObj(i -> mine.takeAsync()).toList()) {
                taken.add(soon(each));
            }
            server.put("anything", "else");
            server.compact();
        }
        assertThat(taken).isEqualTo(all);
    }
}
