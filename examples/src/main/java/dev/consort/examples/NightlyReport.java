/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.job.CatchUp;
import dev.consort.job.ClusteredJob;
import dev.consort.job.Run;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.concurrent.CountDownLatch;

/** A job that one of many processes does at night: start it in several terminals, trigger it, and end the one that works. */
public final class NightlyReport {
    private final CountDownLatch written = new CountDownLatch(1);

    private NightlyReport() {}

    /**
     * Runs the example, which ends when this process has written a report: at two o'clock in Berlin, or when somebody triggers
     * it by {@code ClusteredJobs.of(connection).trigger("jobs/reports")}.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        new NightlyReport().takePart(endpoints);
    }

    private void takePart(String... endpoints) throws InterruptedException {
        try (Connection connection = Connection.to(endpoints).open();
                SessionFactory sessions = SessionFactory.of(Session.builder(connection));
                ClusteredJob job = ClusteredJob.builder(sessions, "jobs/reports")
                        .cron("0 2 * * *", "Europe/Berlin")
                        .catchUp(CatchUp.ONCE)
                        .retries(3, Duration.ofMinutes(1))
                        .atMostFor(Duration.ofHours(1))
                        .run(this::write)) {
            written.await();
            System.out.println(job.name() + " ran " + job.runs() + " times here");
        }
    }

    /** Writes the report of a day, which the due time tells; begun again, it writes the same. */
    private void write(Run run) {
        LocalDate day = run.scheduledTime().atZone(ZoneId.of("Europe/Berlin")).toLocalDate();
        System.out.println("report of " + day + ", attempt " + run.attempt());
        for (int part = 1; part <= 3 && !run.isCancelled(); part++) {
            String key = "reports/" + day + "/" + part;
            System.out.println(key + (run.guard().txn().put(key, "done").commit() ? " written" : " refused"));
        }
        written.countDown();
    }
}
