/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.testkit.Commit;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A queue: no item is taken twice, and of those that were offered only as many are missing as takes ended without an answer; what
 * was not answered to an offerer is there once or never was.
 */
final class TakersInTrouble extends InTrouble {
    private final Queue<String> offered = new ConcurrentLinkedQueue<>();
    private final Queue<String> taken = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unanswered = new AtomicInteger();

    TakersInTrouble(List<List<String>> networks, Client operator) {
        super("company/takers/", networks, operator);
        for (Member member : members) {
            play(member, (random, number) -> {
                Session session = member.sessions.session();
                DistributedQueue<String> queue = DistributedQueue.create(session, name, Codec.utf8());
                for (int i = 0; !session.state().isFinal() && i < 10; i++) {
                    String item = member.number + "-" + number + "-" + i;
                    if (queue.offer(item)) {
                        offered.add(item);
                    }
                    take(queue, Duration.ofMillis(random.nextInt(200)));
                }
            });
        }
    }

    private boolean take(DistributedQueue<String> queue, Duration timeout) throws InterruptedException {
        try {
            Optional<String> item = queue.poll(timeout);
            item.ifPresent(one -> {
                taken.add(one);
                hasDone();
            });
            return item.isPresent();
        } catch (RecipeException e) {
            unanswered.incrementAndGet(); // it may have gone with the session
            throw e;
        }
    }

    @Override
    void drain(Member member) throws InterruptedException {
        DistributedQueue<String> queue = DistributedQueue.create(member.sessions.session(), name, Codec.utf8());
        long late = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (take(queue, Duration.ofSeconds(1))) { // what is put back may still be on its way
            assertThat(System.nanoTime()).as("drained in time").isLessThan(late);
        }
        assertThat(queue.size()).isZero();
    }

    @Override
    String judge(List<Commit> log) {
        Set<String> made = new HashSet<>();
        for (Commit commit : log) {
            for (Commit.Change change : commit.changes()) {
                if (change.key().toString(UTF_8).startsWith(name + "/q/i/") && !change.deleted()) {
                    made.add(change.value().toString(UTF_8));
                }
            }
        }
        assertThat(made).containsAll(offered);
        assertThat(taken).doesNotHaveDuplicates().isSubsetOf(made);
        assertThat(made.size() - taken.size()).isBetween(0, unanswered.get());
        return taken.size() + " of " + made.size() + " taken, " + unanswered + " takes without an answer";
    }
}
