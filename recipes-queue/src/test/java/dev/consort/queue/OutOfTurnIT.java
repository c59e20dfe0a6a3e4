/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who sees nobody in line takes at once: but not what is another's, while the next one is gone already, nor what is gone. */
class OutOfTurnIT {
    private final Server server = Server.embedded();
    private final Peer second = server.peer();
    private final Peer stale = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        threads.close();
        List.of(second, stale).forEach(Peer::close);
    }

    private DistributedQueue<String> queue(Peer of) {
        return DistributedQueue.create(of.session(), name, Codec.utf8());
    }

    @Test
    void itemsOfOthers_areNotTakenByOneThatDoesNotKnowOfThem() throws Exception {
        DistributedQueue<String> last = queue(stale);
        assertThat(last.poll()).isEmpty();
        long known = stale.log.counts().watchEvents();
        queue(second).offerAll(List.of("a", "b"));
        await().until(() -> stale.log.counts().watchEvents() >= known + 2);
        CallFault away = stale.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(stale.faults.breakStreams("Watch/Watch")).isPositive();

        String card = name + "/q/w/first"; // of a process that is slow
        server.put(card, "1 1 0");
        assertThat(queue(second).take()).isEqualTo("b");

        CallFault tries = stale.faults.next(LineRequests.takesOf(name)).duplicate(); // only to know when
        Future<Optional<String>> poll = threads.start(() -> last.poll());
        soon(tries.landed());
        assertThat(server.values(name)).as("it came before b").containsExactly("a");
        away.stop();
        assertThat(soon(poll)).isEmpty();
        server.delete(card);
        assertThat(last.take()).isEqualTo("a");
    }

    @Test
    void itemThatIsDeletedAsItIsTaken_isNotTaken() throws Exception {
        DistributedQueue<String> queue = queue(second);
        CallFault held = second.faults.next(LineRequests.takesOf(name)).hold();
        queue.offer("a");
        Future<String> take = threads.start(queue::take);
        soon(held.hit());
        server.items(name).forEach(item -> server.delete(item.key()));
        queue.offer("b");
        held.release();
        assertThat(soon(take)).isEqualTo("b");
        assertThat(server.values(name)).isEmpty();
    }
}
