/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a wait can be neither cancelled nor timed out, least of all while the server is silent. */
@Isolated("measures")
class F27_WaitsCanBeEndedIT {
    @Test
    void waits_etcdSilent_endInTimeAndLeaveNothing() throws Exception {
        bestOfThree(this::endAll);
    }

    private void endAll(Times times) throws Exception {
        String name = Server.freshName();
        Duration timeout = Duration.ofMillis(100);
        try (FaultProxy proxy = FaultProxy.to(Server.REAL.endpoints().get(0));
                Threads threads = new Threads();
                Party there = Server.REAL.join();
                Party cut = Party.join(List.of(proxy.endpoint()))) {
            // One more than will come: what was sent into the silence may land when it ends.
            CompletableFuture<Integer> waiting = there.cyclic(name + "-c", 4).awaitAsync();
            CompletableFuture<DoubleBarrier.Stay> entering =
                    there.doubled(name + "-d", 4).enterAsync();
            CompletableFuture<Integer> mine = cut.cyclic(name + "-c", 4).awaitAsync();
            CompletableFuture<DoubleBarrier.Stay> myEntering =
                    cut.doubled(name + "-d", 4).enterAsync();
            Server.REAL.awaitKeys(name + "-c", 3);
            Server.REAL.awaitKeys(name + "-d", 3);
            Future<Integer> interrupted =
                    threads.start(() -> cut.cyclic(name + "-i", 2).await());
            Server.REAL.awaitKeys(name + "-i", 2);
            proxy.stopForwarding();

            times.timeout(
                    timeout,
                    () -> assertThatExceptionOfType(OutcomeUnknownException.class)
                            .isThrownBy(() -> cut.cyclic(name + "-c", 4).await(timeout))
                            .withMessageContaining(name));
            times.timeout(
                    timeout,
                    () -> assertThatExceptionOfType(OutcomeUnknownException.class)
                            .isThrownBy(() -> cut.doubled(name + "-d", 4).enter(timeout)));
            times.timeout(
                    timeout,
                    () -> assertThat(cut.latch(name + "-l", 1).await(timeout)).isFalse());
            times.timeout(
                    timeout,
                    () -> assertThat(cut.barrier(name + "-b").await(timeout)).isEmpty());
            times.atMost(LATE, () -> {
                threads.interrupt();
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> interrupted.get(10, TimeUnit.SECONDS))
                        .withCauseInstanceOf(InterruptedException.class);
            });
            assertThat(mine.cancel(false)).isTrue();
            assertThat(myEntering.cancel(false)).isTrue();
            assertThat(waiting).isNotDone();

            proxy.resumeForwarding();
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                    .withMessageContaining("waited no longer");
            Server.REAL.awaitKeys(name + "-c", 1);
            Server.REAL.awaitKeys(name + "-i", 1);
            Server.REAL.awaitKeys(name + "-d", 2);
            assertThat(entering).isNotDone();
            assertThat(entering.cancel(false)).isTrue();
        }
    }
}
