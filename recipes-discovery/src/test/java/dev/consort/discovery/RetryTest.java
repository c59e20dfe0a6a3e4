/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.consort.discovery.RetryCallback.Decision;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What go-kit's retry does, blocking and not. */
class RetryTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    /** Long enough for a thread to have begun, on a busy machine too. */
    private static final Duration SHORT = Duration.ofMillis(500);

    private static Callable<String> failing(String message) {
        return () -> {
            throw new IOException(message);
        };
    }

    @SafeVarargs
    private static Balancer<Callable<String>> of(Callable<String>... endpoints) {
        List<Callable<String>> list = new ArrayList<>();
        for (Callable<String> each : endpoints) {
            list.add(each);
        }
        return Balancer.roundRobin(Endpointer.fixed(list));
    }

    private static String call(Retry<Callable<String>> retry) throws InterruptedException, TimeoutException {
        return retry.call(Callable::call);
    }

    /** The same by futures. */
    private static CompletableFuture<String> callAsync(Retry<Callable<String>> retry) {
        return retry.callAsync(RetryTest::begun);
    }

    private static CompletableFuture<String> begun(Callable<String> endpoint) {
        try {
            return CompletableFuture.completedFuture(endpoint.call());
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static Throwable failure(CompletableFuture<String> call) throws InterruptedException, TimeoutException {
        try {
            return new AssertionError("answered " + call.get(20, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }

    @Test
    void max_allFail_fails() throws Exception {
        Retry<Callable<String>> retry = Retry.of(999, LONG, of(failing("error")));
        RetryException blocking = (RetryException) catchThrowable(() -> call(retry));
        RetryException later = (RetryException) failure(callAsync(retry));
        for (RetryException why : List.of(blocking, later)) {
            assertThat(why.rawErrors()).hasSize(999);
            assertThat(why.finalError()).isInstanceOf(IOException.class).hasMessage("error");
        }
    }

    @Test
    void max_someFail_succeedsIfItMayTryOftenEnough() throws Exception {
        Callable<String> good = () -> "fine";
        assertThatExceptionOfType(RetryException.class)
                .isThrownBy(() -> call(Retry.of(2, LONG, of(failing("one"), failing("two"), good))))
                .withMessage("two (previously: one)");
        assertThat(call(Retry.of(3, LONG, of(failing("one"), failing("two"), good))))
                .isEqualTo("fine");
        assertThat(failure(callAsync(Retry.of(2, LONG, of(failing("one"), failing("two"), good)))))
                .hasMessage("two (previously: one)");
        assertThat(callAsync(Retry.of(3, LONG, of(failing("one"), failing("two"), good)))
                        .get(20, TimeUnit.SECONDS))
                .isEqualTo("fine");
    }

    @Test
    void message_isTheFinalErrorAndAllBefore() {
        assertThatThrownBy(() -> call(Retry.of(1, LONG, of(failing("alone"))))).hasMessage("alone");
        assertThatThrownBy(() -> call(Retry.of(4, LONG, of(failing("one"), failing("two"), failing("three")))))
                .hasMessage("one (previously: one; two; three)")
                .satisfies(why -> assertThat(((RetryException) why).rawErrors())
                        .extracting(Throwable::getMessage)
                        .containsExactly("one", "two", "three", "one"))
                .hasCauseInstanceOf(IOException.class);
        assertThatThrownBy(() -> call(Retry.of(1, LONG, of(() -> {
                    throw new IllegalStateException();
                }))))
                .hasMessage("java.lang.IllegalStateException");
    }

    @Test
    void balancerFails_isATry() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Balancer<Callable<String>> none = of();
        Balancer<Callable<String>> counting = () -> {
            asked.incrementAndGet();
            return none.choose();
        };
        String text = "Balancer: no endpoints available (previously: Balancer: no endpoints available)";
        assertThatThrownBy(() -> call(Retry.of(2, LONG, counting))).hasMessage(text);
        assertThat(failure(callAsync(Retry.of(2, LONG, counting)))).hasMessage(text);
        assertThat(asked).hasValue(4);
    }

    @Test
    void eachTry_asksTheBalancerAnew() throws Exception {
        ToldInstancer<String> instancer = ToldInstancer.of();
        Endpointer<String, Callable<String>> endpointer = Endpointer.<String, Callable<String>>of(
                        instancer, instance -> () -> instance)
                .build();
        RetryCallback comes = (attempt, error) -> {
            instancer.tell("a");
            return Decision.tryAgain();
        };
        assertThat(call(Retry.withCallback(LONG, Balancer.roundRobin(endpointer), comes)))
                .isEqualTo("a");
    }

    @Test
    void timeout_isGivenAsItIs() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        Callable<String> stuck = () -> {
            try {
                new CountDownLatch(1).await();
                return "never";
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        };
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() -> call(Retry.of(99, SHORT, of(stuck))))
                .withMessageStartingWith("context deadline exceeded");
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<String> never = new CompletableFuture<>();
        assertThat(failure(Retry.of(99, SHORT, of(stuck)).callAsync(target -> never)))
                .isInstanceOf(TimeoutException.class)
                .hasMessageStartingWith("context deadline exceeded");
        await().until(never::isCancelled);
    }

    /** Whoever calls goes on at the deadline also if what is called does not heed interrupts; and nothing begins after it. */
    @Test
    void timeout_callIgnoresInterrupts_callerGoesOn() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicInteger attempts = new AtomicInteger();
        Callable<String> deaf = () -> {
            attempts.incrementAndGet();
            while (end.getCount() > 0) {
                Thread.onSpinWait();
                Thread.interrupted();
            }
            ended.countDown();
            throw new IOException("late");
        };
        try {
            assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> call(Retry.of(99, SHORT, of(deaf))));
        } finally {
            end.countDown();
        }
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(attempts).hasValue(1);
    }

    @Test
    void timeout_isOverAllAttempts() {
        AtomicInteger attempts = new AtomicInteger();
        Retry<Callable<String>> retry = Retry.untilTimeout(SHORT, of(() -> {
            attempts.incrementAndGet();
            throw new IOException("again");
        }));
        long start = System.nanoTime();
        assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> call(retry));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(SHORT, SHORT.plusSeconds(5));
        assertThat(attempts).hasValueGreaterThan(10);
        assertThatThrownBy(() -> failureOf(retry)).isInstanceOf(TimeoutException.class);
    }

    private static void failureOf(Retry<Callable<String>> retry) throws Throwable {
        throw failure(callAsync(retry));
    }

    @Test
    void callback_givesUpWithAnotherError_rawOnesStay() throws Exception {
        RetryCallback callback = (attempt, error) ->
                attempt < 2 ? Decision.tryAgain() : Decision.giveUp(new IllegalStateException("aborted early"));
        Retry<Callable<String>> retry = Retry.withCallback(LONG, of(failing("one"), failing("two")), callback);
        for (Throwable why : List.of(catchThrowable(() -> call(retry)), failure(callAsync(retry)))) {
            assertThat(why).hasMessage("aborted early (previously: one)");
            assertThat(((RetryException) why).rawErrors())
                    .extracting(Throwable::getMessage)
                    .containsExactly("one", "two");
            assertThat(((RetryException) why).finalError()).hasMessage("aborted early");
        }
    }

    @Test
    void callback_isToldTheErrorAsItIs() throws Exception {
        IOException error = new IOException("mine");
        List<Exception> told = new ArrayList<>();
        List<Integer> attempts = new ArrayList<>();
        RetryCallback callback = (attempt, why) -> {
            told.add(why);
            attempts.add(attempt);
            return attempt < 3 ? Decision.tryAgain() : Decision.giveUp();
        };
        Retry<Callable<String>> retry = Retry.withCallback(
                LONG,
                of(() -> {
                    throw error;
                }),
                callback);
        assertThatThrownBy(() -> call(retry)).hasCause(error);
        assertThat(failure(callAsync(retry))).hasCause(error);
        assertThat(told).hasSize(6).allSatisfy(why -> assertThat(why).isSameAs(error));
        assertThat(attempts).containsExactly(1, 2, 3, 1, 2, 3);
    }

    @Test
    void callback_throws_endsIt() throws Exception {
        RetryCallback callback = (attempt, error) -> {
            throw new IllegalStateException("callback");
        };
        Retry<Callable<String>> retry = Retry.withCallback(LONG, of(failing("one")), callback);
        assertThatThrownBy(() -> call(retry)).hasMessage("callback");
        assertThat(failure(callAsync(retry))).hasMessage("callback");
    }

    @Test
    void noCallback_triesUntilItSucceeds() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        Retry<Callable<String>> retry = Retry.untilTimeout(LONG, of(() -> {
            if (attempts.incrementAndGet() % 1500 != 0) {
                throw new IOException("again");
            }
            return "fine";
        }));
        assertThat(call(retry)).isEqualTo("fine");
        assertThat(callAsync(retry).get(20, TimeUnit.SECONDS)).isEqualTo("fine");
        assertThat(attempts).hasValue(3000);
    }

    /** A million attempts a second must not fill the memory. */
    @Test
    void rawErrors_manyAttempts_areBounded() {
        AtomicInteger attempts = new AtomicInteger();
        Callable<String> bad = () -> {
            throw new IOException("number " + attempts.incrementAndGet());
        };
        assertThatExceptionOfType(RetryException.class)
                .isThrownBy(() -> call(Retry.of(3000, LONG, of(bad))))
                .satisfies(why -> {
                    assertThat(why.rawErrors()).hasSize(1000);
                    assertThat(why.rawErrors().get(998)).hasMessage("number 999");
                    assertThat(why.rawErrors().get(999)).hasMessage("number 3000");
                });
    }

    @Test
    void error_isNotTriedAgain() throws Exception {
        Retry<Callable<String>> retry = Retry.of(9, LONG, of(() -> {
            throw new AssertionError("a bug");
        }));
        assertThatThrownBy(() -> call(retry)).isInstanceOf(AssertionError.class).hasMessage("a bug");
        assertThat(failure(retry.callAsync(target -> {
                    throw new AssertionError("a bug");
                })))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void call_interrupted_interruptsTheAttemptAndSaysSo() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicBoolean said = new AtomicBoolean();
        Retry<Callable<String>> retry = Retry.of(9, LONG, of(() -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
            throw new IOException("given up");
        }));
        Thread caller = new Thread(() -> {
            try {
                call(retry);
            } catch (InterruptedException e) {
                said.set(true);
            } catch (TimeoutException e) {
                throw new AssertionError(e);
            }
        });
        caller.start();
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        caller.interrupt();
        caller.join(10_000);
        assertThat(said).isTrue();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void callAsync_cancelled_cancelsTheAttemptAndBeginsNoOther() {
        CompletableFuture<String> never = new CompletableFuture<>();
        AtomicInteger attempts = new AtomicInteger();
        CompletableFuture<String> call = Retry.of(9, LONG, of(failing("unused")))
                .callAsync(target -> {
                    attempts.incrementAndGet();
                    return never;
                });
        await().until(() -> attempts.get() == 1);
        call.cancel(false);
        await().until(never::isCancelled);
        assertThat(attempts).hasValue(1);
    }

    /** A call may end on a thread of gRPC's, where nothing else is to run. */
    @Test
    void callAsync_completesOnTheExecutor() throws Exception {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        try {
            CompletableFuture<String> answer = new CompletableFuture<>();
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<String> thread = Retry.of(9, LONG, of(failing("unused")))
                    .executor(own)
                    .callAsync(target -> {
                        begun.countDown();
                        return answer;
                    })
                    .thenApply(text -> Thread.currentThread().getName());
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            own.submit(() -> true).get(10, TimeUnit.SECONDS); // the attempt's task is over
            answer.complete("fine");
            assertThat(thread.get(10, TimeUnit.SECONDS)).isEqualTo("mine");
        } finally {
            own.shutdownNow();
        }
        CompletableFuture<String> afterEnd = Retry.of(2, LONG, of(failing("one"), () -> "fine"))
                .executor(own)
                .callAsync(RetryTest::begun);
        assertThat(afterEnd.get(10, TimeUnit.SECONDS)).isEqualTo("fine");
    }

    @Test
    void badInput_isRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Retry.of(0, LONG, of()))
                .withMessageContaining("max is 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Retry.of(1, Duration.ZERO, of()))
                .withMessageContaining("PT0S");
        assertThat(Retry.of(1, LONG, of()).toString()).startsWith("Retry within PT20S, Round robin");
    }
}
