/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of a queue as {@code java.util.concurrent} knows it, by the letter of its contract. */
abstract class BlockingViewContract {
    private final Server server = server();
    private final Peer peer = server.peer();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final BlockingQueue<String> queue =
            DistributedQueue.create(peer.session(), name, Codec.utf8()).asBlockingQueue();
    private final String limited = Server.freshName();
    private final BlockingQueue<String> small = DistributedQueue.builder(peer.session(), limited, Codec.utf8())
            .capacity(2)
            .build()
            .asBlockingQueue();

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        peer.close();
    }

    @Test
    void whatIsPut_isTaken_byEveryMethodInOrder() throws Exception {
        assertThat(queue.add("a")).isTrue();
        assertThat(queue.offer("b")).isTrue();
        queue.put("c");
        assertThat(queue.offer("d", 1, TimeUnit.SECONDS)).isTrue();
        assertThat(queue.addAll(List.of("e", "f"))).isTrue();
        assertThat(queue).hasToString("DistributedQueue " + name);
        assertThat(queue.size()).isEqualTo(6);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(queue.peek()).isEqualTo("a");
        assertThat(queue.element()).isEqualTo("a");
        assertThat(queue.take()).isEqualTo("a");
        assertThat(queue.poll()).isEqualTo("b");
        assertThat(queue.poll(1, TimeUnit.SECONDS)).isEqualTo("c");
        assertThat(queue.remove()).isEqualTo("d");
        queue.clear();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(server.items(name)).isEmpty();
    }

    @Test
    void empty_isToldByEachMethodInItsWay() throws Exception {
        assertThat(queue.poll()).isNull();
        assertThat(queue.peek()).isNull();
        assertThat(queue.poll(20, TimeUnit.MILLISECONDS)).isNull();
        assertThat(queue.poll(-1, TimeUnit.MILLISECONDS)).isNull();
        assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(queue::remove);
        assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(queue::element);
        assertThat(queue.drainTo(new ArrayList<>())).isZero();
    }

    @Test
    void take_waits() throws Exception {
        Future<String> taken = threads.start(queue::take);
        Future<String> polled = threads.start(() -> queue.poll(Long.MAX_VALUE, TimeUnit.DAYS));
        queue.addAll(List.of("a", "b"));
        assertThat(List.of(soon(taken), soon(polled))).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void drainTo_takesAll_orSoMany() {
        queue.addAll(List.of("a", "b", "c", "d", "e"));
        List<String> into = new ArrayList<>();
        assertThat(queue.drainTo(into, 2)).isEqualTo(2);
        assertThat(queue.drainTo(into, 0)).isZero();
        assertThat(queue.drainTo(into, -1)).isZero();
        assertThat(into).containsExactly("a", "b");
        assertThat(queue.drainTo(into)).isEqualTo(3);
        assertThat(into).containsExactly("a", "b", "c", "d", "e");
        assertThatIllegalArgumentException().isThrownBy(() -> queue.drainTo(queue));
        assertThatIllegalArgumentException().isThrownBy(() -> queue.drainTo(queue, 1));
    }

    @Test
    void full_isToldByEachMethodInItsWay() throws Exception {
        assertThat(small.remainingCapacity()).isEqualTo(2);
        assertThat(small.add("a")).isTrue();
        assertThat(small.remainingCapacity()).isEqualTo(1);
        assertThat(small.add("b")).isTrue();
        assertThat(small.remainingCapacity()).isZero();
        assertThat(small.offer("c")).isFalse();
        assertThat(small.offer("c", 0, TimeUnit.SECONDS)).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> small.add("c"));
        assertThat(small.take()).isEqualTo("a");
        small.put("c");
        assertThat(small.remainingCapacity()).isZero();
        assertThat(queue.remainingCapacity()).isEqualTo(Integer.MAX_VALUE);
        assertThat(small.drainTo(new ArrayList<>())).isEqualTo(2);
    }

    /** As documented: it shows nothing, and what stands on it neither. */
    @Test
    void iterator_isEmpty() {
        queue.add("a");
        assertThat(queue.iterator().hasNext()).isFalse();
        assertThat(queue.contains("a")).isFalse();
        assertThat(queue.toArray()).isEmpty();
        assertThat(queue.remove("a")).isFalse();
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void poll_interrupted_throwsAndKeepsTheFlag() {
        queue.add("a");
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(queue::poll)
                .withMessageContaining(name)
                .withCauseInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isTrue();
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(queue::take);
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> queue.poll(1, TimeUnit.DAYS));
        assertThat(queue.poll()).isEqualTo("a");
    }

    @Test
    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // what a caller without checks may give
    void null_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> queue.add(null));
        assertThatNullPointerException().isThrownBy(() -> queue.offer(null));
        assertThatNullPointerException().isThrownBy(() -> queue.put(null));
        assertThatNullPointerException().isThrownBy(() -> queue.offer(null, 1, TimeUnit.SECONDS));
        assertThatNullPointerException().isThrownBy(() -> queue.drainTo(null));
        assertThatNullPointerException().isThrownBy(() -> queue.poll(1, null));
        assertThat(queue.size()).isZero();
    }
}
