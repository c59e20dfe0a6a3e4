/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.job.ClusteredJob;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A worker process: one connection, one session at a time, and two things on it. One is its place in the clustered job that
 * plans, which one worker runs at a time; the other one takes what was planned. It ends when its standard input does, so that it cannot outlive who started it.
 */
final class Worker {
    /** How long what a dead worker held stays taken: short, for the demo's sake. The default is 10 s. */
    static final Duration TTL = Duration.ofSeconds(2);

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /**
     * What a worker must know.
     *
     * @param name its own name, also in the database
     * @param namespace before each key in etcd
     * @param url of the database
     * @param password of the database
     * @param endpoints of etcd
     */
    record Setup(String name, String namespace, String url, String password, List<String> endpoints) {
        List<String> toArguments() {
            return List.of(name, namespace, url, password, String.join(",", endpoints));
        }

        static Setup of(String... arguments) {
            return new Setup(
                    arguments[0], arguments[1], arguments[2], arguments[3], List.of(arguments[4].split(",", -1)));
        }

        JobTable jobs() throws SQLException {
            return JobTable.connect(url, name, password);
        }
    }

    private Worker() {}

    /** Runs until the standard input ends, or a loop fails. */
    public static void main(String... arguments) throws InterruptedException {
        Setup setup = Setup.of(arguments);
        try (Connection etcd = Connection.to(setup.endpoints().toArray(String[]::new))
                        .namespace(setup.namespace())
                        .open();
                SessionFactory sessions =
                        SessionFactory.of(Session.builder(etcd).ttl(TTL))) {
            sessions.session();
            report(Event.Kind.READY, 0, 0);
            CountDownLatch ending = new CountDownLatch(1);
            daemon(() -> awaitEndOfInput(ending)).start();
            Thread runner = daemon(() -> run(new JobRunner(setup, sessions, ending), ending));
            runner.start();
            try (ClusteredJob planner = ClusteredJob.builder(sessions, "planner")
                    .every(Planner.PERIOD)
                    .owner(setup.name())
                    .closeTimeout(PATIENCE)
                    .run(new Planner(setup, ending))) {
                planner.ended().whenComplete((ended, failure) -> ending.countDown());
                ending.await();
            }
            runner.interrupt();
            runner.join(PATIENCE.toMillis());
            if (runner.isAlive()) {
                System.err.println("a job goes on; closing the session takes from it what it holds");
            }
        }
    }

    /** Tells the conductor. */
    static void report(Event.Kind kind, int job, long token) {
        System.out.println(Event.line(kind, job, token));
    }

    private static void run(JobRunner jobs, CountDownLatch ending) {
        try {
            jobs.run();
        } catch (InterruptedException ended) {
            // As it was told to.
        } catch (SQLException | RuntimeException e) {
            if (ending.getCount() > 0) {
                e.printStackTrace();
            }
        } finally {
            ending.countDown();
        }
    }

    private static void awaitEndOfInput(CountDownLatch ending) {
        try {
            while (System.in.read() >= 0) {
                // Nobody says anything; the end is what counts.
            }
        } catch (IOException e) {
            // As good as the end.
        } finally {
            ending.countDown();
        }
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }
}
