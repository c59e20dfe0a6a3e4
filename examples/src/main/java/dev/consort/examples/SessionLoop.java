/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.lock.Mutex;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Work under a lock that goes on when the session is lost: with the next session, the lock anew, and a new token. */
public final class SessionLoop {
    private final SessionFactory sessions;
    private final Work work;
    private final CountDownLatch stopping = new CountDownLatch(1);

    SessionLoop(SessionFactory sessions, Work work) {
        this.sessions = sessions;
        this.work = work;
    }

    /** What is to be done, in steps short against the TTL. */
    interface Work {
        boolean isDone();

        void step(FencingToken token);
    }

    /** Returns when the work is done, or after {@link #stop()}. */
    void run() throws InterruptedException {
        while (stopping.getCount() > 0 && !work.isDone()) {
            try (Grant grant =
                    Mutex.create(sessions.session(), "orders/reindex").acquire()) {
                while (grant.isHeld() && !work.isDone()) {
                    work.step(grant.token()); // what it writes carries the token
                }
            } catch (SessionLostException lost) {
                System.out.println("lost while waiting: " + lost.reason()); // begin again with the next session
            } catch (EtcdUnavailableException unreachable) {
                System.out.println(unreachable.getMessage());
                if (stopping.await(1, TimeUnit.SECONDS)) { // else try again
                    return;
                }
            }
        }
    }

    /** Lets the loop end after its step; interrupt its thread to end it while it waits. */
    void stop() {
        stopping.countDown();
    }

    /**
     * Runs the example: four steps, and an operator who revokes the lease in the second one.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open();
                SessionFactory sessions =
                        SessionFactory.of(Session.builder(connection).ttl(Duration.ofSeconds(5)))) {
            new SessionLoop(sessions, new FourSteps(sessions)).run();
        }
    }

    /** Confined to the loop's thread. */
    private static final class FourSteps implements Work {
        private final SessionFactory sessions;
        private int done;

        FourSteps(SessionFactory sessions) {
            this.sessions = sessions;
        }

        @Override
        public boolean isDone() {
            return done == 4;
        }

        @Override
        public void step(FencingToken token) {
            done++;
            System.out.println("step " + done + " with token " + token);
            if (done == 2) {
                Session session = sessions.session();
                session.connection()
                        .client()
                        .getLeaseClient()
                        .revoke(session.leaseId())
                        .join();
                System.out.println(
                        "lost: " + session.lost().toCompletableFuture().join());
            }
        }
    }
}
