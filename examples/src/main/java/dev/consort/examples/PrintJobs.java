/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Codec;
import dev.consort.core.Session;
import dev.consort.queue.DistributedDelayQueue;
import dev.consort.queue.DistributedPriorityQueue;
import dev.consort.queue.DistributedQueue;
import java.time.Duration;
import java.util.List;

/** Pages for a printer, in the order in which they came, by urgency, and not before a time. */
public final class PrintJobs {
    private PrintJobs() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(endpoints)) {
            DistributedQueue<String> pages = DistributedQueue.create(session, "printer/pages", Codec.utf8());
            pages.offerAll(List.of("title", "contents"));
            pages.offer("chapter 1");
            while (pages.size() > 0) {
                System.out.println("prints " + pages.take());
            }

            DistributedPriorityQueue<String> urgent =
                    DistributedPriorityQueue.create(session, "printer/urgent", Codec.utf8());
            urgent.offer("poster", 9);
            urgent.offer("ticket", 1);
            System.out.println("prints " + urgent.take() + ", then " + urgent.take());

            DistributedDelayQueue<String> later = DistributedDelayQueue.create(session, "printer/later", Codec.utf8());
            later.offer("report", Duration.ofMillis(300));
            System.out.println("now: " + later.poll(Duration.ZERO).orElse("nothing"));
            System.out.println("prints " + later.take());
        }
    }
}
