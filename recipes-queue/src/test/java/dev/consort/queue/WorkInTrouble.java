/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.testkit.Commit;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * A work queue: none that was offered is lost, each is acknowledged once, together with what is written with it, nobody has
 * what another one has, and everybody is told the truth of what became of it.
 */
final class WorkInTrouble extends InTrouble {
    private static final Duration TIME_LIMIT = Duration.ofSeconds(2);

    /** What a process was told of a delivery, and of its acknowledgement if it asked for that. */
    private record Told(String value, long attempt, long revision, Optional<Boolean> acknowledged) {}

    private final Queue<String> offered = new ConcurrentLinkedQueue<>();
    private final Queue<Told> told = new ConcurrentLinkedQueue<>();

    WorkInTrouble(List<List<String>> networks, Client operator) {
        super("company/errands/", networks, operator);
        for (Member member : members) {
            WorkQueue<String> queue = queue(member);
            play(member, (random, number) -> {
                offer(queue, member, number, 1 + random.nextInt(3));
                Optional<Delivery<String>> next = queue.receive(Duration.ofMillis(300));
                if (next.isPresent()) {
                    work(next.get(), random);
                }
                Optional<Delivery<String>> another = queue.receive(Duration.ofMillis(20));
                if (another.isPresent()) {
                    told.add(ack(another.get()));
                }
            });
        }
    }

    private WorkQueue<String> queue(Member member) {
        return WorkQueue.builder(member.sessions, name, Codec.utf8())
                .maxAttempts(1_000)
                .timeLimit(TIME_LIMIT)
                .build();
    }

    private void offer(WorkQueue<String> queue, Member member, int number, int count) {
        List<String> some = IntStream.range(0, count)
                .mapToObj(i -> member.number + "-" + number + "-" + i)
                .toList();
        if (queue.offerAll(some)) {
            offered.addAll(some);
        }
    }

    private void work(Delivery<String> delivery, Random random) {
        switch (random.nextInt(16)) {
            case 0, 1 -> delivery.nack(Duration.ZERO);
            case 2 -> delivery.nack(Duration.ofMillis(random.nextInt(50)), "why");
            case 3 -> delivery.release();
            case 4 ->
                told.add(new Told(
                        delivery.value(),
                        delivery.attempt(),
                        delivery.token().revision(),
                        Optional.empty())); // forgotten
            default -> told.add(ack(delivery));
        }
    }

    private Told ack(Delivery<String> delivery) {
        long revision = delivery.token().revision();
        Optional<Boolean> acknowledged;
        try {
            acknowledged = Optional.of(delivery.ack(txn -> txn.put(name + "-done/" + delivery.value(), "" + revision)));
            hasDone();
        } catch (RecipeException unknown) {
            acknowledged = Optional.empty();
        }
        return new Told(delivery.value(), delivery.attempt(), revision, acknowledged);
    }

    @Override
    void drain(Member member) throws InterruptedException {
        WorkQueue<String> queue = queue(member);
        long late = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (queue.state().depth() > 0 || queue.state().inFlight() > 0) {
            assertThat(System.nanoTime())
                    .as("drained in time, but for %s", queue.state())
                    .isLessThan(late);
            queue.receive(Duration.ofMillis(100)).ifPresent(delivery -> told.add(ack(delivery)));
        }
    }

    @Override
    String judge(List<Commit> log) {
        WorkHistory history = new WorkHistory(name, log);
        assertThat(history.offered()).as("none that was offered is lost").containsAll(offered);
        assertThat(history.there()).isEmpty();
        assertThat(history.dead()).isEmpty();
        List<String> done = new ArrayList<>(history.done().keySet());
        assertThat(done).as("done once").containsExactlyInAnyOrderElementsOf(history.offered());
        long again = 0;
        for (Told each : told) {
            assertThat(history.deliveryAt(each.value(), each.revision()))
                    .as("%s", each)
                    .isEqualTo((int) each.attempt());
            boolean isDone =
                    String.valueOf(each.revision()).equals(history.done().get(each.value()));
            each.acknowledged()
                    .ifPresent(acked -> assertThat(isDone).as("%s", each).isEqualTo(acked));
            again += each.attempt() > 1 ? 1 : 0;
        }
        assertThat(again).isPositive();
        return done.size() + " of " + offered.size() + " answered offers and others were acknowledged, " + again
                + " deliveries were not the first";
    }
}
