/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.Staircase;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F21: a grant is lost when it comes together with its waiter's timeout, interrupt or cancellation. */
class F21_GrantRacesEndIT {
    private static final int ROUNDS = 150;

    @RegisterExtension
    final Parties parties = new Parties();

    private final Random random = new Random(21);
    private final Staircase end = Staircase.from(Duration.ofMillis(3), 21);

    /** How the wait of a round ends, if the grant does not come first. */
    private interface Wait {
        /** Waits, and gives back what was granted. Returns whether it was. */
        boolean end(Party waiter, String name, Duration at) throws Exception;
    }

    private void race(boolean sameSession, Wait wait) throws Exception {
        Party holder = parties.join();
        Party waiter = sameSession ? holder : parties.join();
        String name = Parties.name();
        for (int i = 0; i < ROUNDS; i++) {
            EtcdGrant grant = holder.acquire(name);
            // The release and the end of the wait come within the same moment, now one first and now the other.
            CompletableFuture<Boolean> released = CompletableFuture.supplyAsync(
                    grant::release,
                    CompletableFuture.delayedExecutor(1000 + random.nextInt(3000), TimeUnit.MICROSECONDS));
            end.cameLate(wait.end(waiter, name, end.next()));
            assertThat(get(released)).isTrue();
        }
        assertThat(end.late()).as("rounds that the grant won").isPositive();
        assertThat(end.early()).as("rounds that the end of the wait won").isPositive();
        soon(() -> assertThat(SharedEtcd.operator().claims(name)).isEmpty());
        get(parties.join().acquireAsync(name)).close();
        System.out.println("schedules = " + ROUNDS);
    }

    private static boolean timedOut(Party waiter, String name, Duration at) throws InterruptedException {
        Optional<EtcdGrant> grant = waiter.acquirer.tryAcquire(Party.spec(name), at);
        grant.ifPresent(EtcdGrant::close);
        return grant.isPresent();
    }

    private static boolean cancelled(Party waiter, String name, Duration at) {
        CompletableFuture<EtcdGrant> acquire = waiter.acquireAsync(name);
        CompletableFuture.delayedExecutor(at.toNanos(), TimeUnit.NANOSECONDS).execute(() -> acquire.cancel(true));
        try {
            acquire.join().close();
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }

    private static boolean interrupted(Party waiter, String name, Duration at) throws Exception {
        Thread self = Thread.currentThread();
        CompletableFuture<Void> interrupt = CompletableFuture.runAsync(
                self::interrupt, CompletableFuture.delayedExecutor(at.toNanos(), TimeUnit.NANOSECONDS));
        boolean granted;
        try {
            waiter.acquire(name).close();
            granted = true;
        } catch (InterruptedException e) {
            granted = false;
        }
        awaitIgnoringInterrupts(interrupt);
        Thread.interrupted();
        return granted;
    }

    private static void awaitIgnoringInterrupts(CompletableFuture<Void> future) throws ExecutionException {
        while (true) {
            try {
                future.get();
                return;
            } catch (InterruptedException e) {
                // It is what was waited for.
            }
        }
    }

    @Test
    void timeout_betweenSessions_losesNothing() throws Exception {
        race(false, F21_GrantRacesEndIT::timedOut);
    }

    @Test
    void timeout_withinASession_losesNothing() throws Exception {
        race(true, F21_GrantRacesEndIT::timedOut);
    }

    @Test
    void cancel_betweenSessions_losesNothing() throws Exception {
        race(false, F21_GrantRacesEndIT::cancelled);
    }

    @Test
    void cancel_withinASession_losesNothing() throws Exception {
        race(true, F21_GrantRacesEndIT::cancelled);
    }

    @Test
    void interrupt_betweenSessions_losesNothing() throws Exception {
        race(false, F21_GrantRacesEndIT::interrupted);
    }

    @Test
    void interrupt_withinASession_losesNothing() throws Exception {
        race(true, F21_GrantRacesEndIT::interrupted);
    }
}
