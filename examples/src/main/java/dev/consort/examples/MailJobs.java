/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.queue.Consumption;
import dev.consort.queue.DeadLetter;
import dev.consort.queue.Delivery;
import dev.consort.queue.WorkQueue;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A small job system: requests to send a mail are done by whatever process is free, each exactly once as far as etcd is concerned, and
 * those that cannot be done are put aside.
 */
public final class MailJobs {
    private MailJobs() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open();
                SessionFactory sessions = SessionFactory.of(Session.builder(connection))) {
            WorkQueue<String> mails = WorkQueue.builder(sessions, "mails/out", Codec.utf8())
                    .maxAttempts(2)
                    .build();
            CountDownLatch sent = new CountDownLatch(2);
            try (Consumption worker = mails.consume(4, delivery -> {
                send(delivery);
                sent.countDown();
            })) {
                mails.offerOnce("request-1", "to=ada");
                mails.offerOnce("request-1", "to=ada"); // sent again for want of an answer: it is one job
                mails.offerOnce("request-2", "nonsense");
                mails.offerOnce("request-3", "to=grace");
                System.out.println("all sent: " + sent.await(20, TimeUnit.SECONDS));
                awaitDeadLetter(mails);
                System.out.println("failed: " + worker.counts().failed());
            }
            for (DeadLetter letter : mails.deadLetters().list(10)) {
                System.out.println("put aside after " + letter.attempts() + " attempts: " + letter.reason());
                mails.deadLetters().purge(letter.id());
            }
            System.out.println("left in the queue: " + mails.state().depth());
        }
    }

    private static void send(Delivery<String> delivery) {
        String mail = delivery.value();
        if (!mail.startsWith("to=")) {
            throw new IllegalArgumentException("no recipient in '" + mail + "'");
        }
        String recipient = mail.substring("to=".length());
        // The note of what was done is written if, and only if, the job is out of the queue.
        if (delivery.ack(txn -> txn.put("mails/sent/" + recipient, "token " + delivery.token()))) {
            System.out.println("sent to " + recipient);
        }
    }

    private static void awaitDeadLetter(WorkQueue<String> mails) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        CountDownLatch pause = new CountDownLatch(1);
        while (mails.deadLetters().size() == 0 && System.nanoTime() < deadline) {
            pause.await(50, TimeUnit.MILLISECONDS);
        }
    }
}
