/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.LeaderLoop.State;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A loop that never gets a session. */
class LeaderLoopTest {
    private static final LeaderLoop.Task NONE = leadership -> {};

    private static SessionFactory factory(Supplier<Session> opening) {
        return new SessionFactory() {
            @Override
            public Session session() {
                return opening.get();
            }

            @Override
            public void close() {}
        };
    }

    private static RuntimeException unavailable() {
        return new EtcdUnavailableException("Session", "", List.of("http://nowhere"), Duration.ofSeconds(5), null);
    }

    @Test
    void builder_badArguments_areRefusedAtOnceWithTheValue() {
        SessionFactory none = factory(() -> {
            throw unavailable();
        });
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LeaderElection.create(none, "a//b"))
                .withMessageContaining("a//b");
        LeaderLoop.Builder builder = LeaderElection.create(none, "a");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.value("")).withMessageContaining("value");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.pause(Duration.ofSeconds(-1)))
                .withMessageContaining("PT-1S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.closeTimeout(Duration.ofNanos(-1)))
                .withMessageContaining("closeTimeout");
    }

    @Test
    void opening_failsAgainAndAgain_isTriedWithGrowingPausesAndSaysWhy() {
        AtomicInteger tries = new AtomicInteger();
        SessionFactory none = factory(() -> {
            tries.incrementAndGet();
            throw unavailable();
        });
        long start = System.nanoTime();
        try (LeaderLoop loop = LeaderElection.create(none, "a").run(NONE)) {
            await().until(() -> tries.get() >= 4);
            // Half of 100, 200 and 400 ms at least.
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(350));
            assertThat(loop.state()).isEqualTo(State.CONNECTING);
            assertThat(loop.lastFailure()).containsInstanceOf(EtcdUnavailableException.class);
            assertThat(loop.terms()).isZero();
            assertThat(loop.failures()).isZero();
        }
    }

    @Test
    void opening_throwsAnError_isTriedAgain() {
        AtomicInteger tries = new AtomicInteger();
        SessionFactory none = factory(() -> {
            tries.incrementAndGet();
            throw new NoClassDefFoundError("by the test");
        });
        try (LeaderLoop loop = LeaderElection.create(none, "a").run(NONE)) {
            await().until(() -> tries.get() >= 2);
            assertThat(loop.state()).isEqualTo(State.CONNECTING);
        }
    }

    @Test
    void close_betweenTwoAttempts_endsAtOnce() {
        SessionFactory none = factory(() -> {
            throw unavailable();
        });
        LeaderLoop loop = LeaderElection.create(none, "a").run(NONE);
        await().until(() -> loop.lastFailure().isPresent());
        loop.close();
        assertThat(loop.state()).isEqualTo(State.CLOSED);
        assertThat(loop.ended().toCompletableFuture()).isCompleted();
        loop.close();
    }

    @Test
    void close_whileOpeningHangs_isBoundedAndEndsWhenThatReturns() {
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch hanging = new CountDownLatch(1);
        SessionFactory slow = factory(() -> {
            opening.countDown();
            awaitUninterruptibly(hanging);
            throw unavailable();
        });
        LeaderLoop loop = LeaderElection.create(slow, "a")
                .closeTimeout(Duration.ofMillis(50))
                .run(NONE);
        awaitUninterruptibly(opening);
        long closing = System.nanoTime();
        loop.close();
        assertThat(Duration.ofNanos(System.nanoTime() - closing)).isLessThan(Duration.ofSeconds(2));
        assertThat(loop.state()).isEqualTo(State.CONNECTING);
        hanging.countDown();
        assertThat(loop.ended().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(2));
    }

    @Test
    void factoryClosed_theLoopEndsAndSaysWhy() {
        SessionFactory closed = factory(() -> {
            throw new IllegalStateException("session factory is closed");
        });
        LeaderLoop loop = LeaderElection.create(closed, "a").run(NONE);
        assertThat(loop.ended().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(2))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(IllegalStateException.class);
        assertThat(loop.state()).isEqualTo(State.CLOSED);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError("the loop interrupts only what may be interrupted", e);
        }
    }
}
