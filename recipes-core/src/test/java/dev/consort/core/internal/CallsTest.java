/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a request is sent again: S16, S22, S23. */
class CallsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final RangeRequest READ =
            ClaimTxns.key(ByteString.copyFromUtf8("key")).build();

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final Calls calls = calls(Duration.ofSeconds(5));
    private boolean wanted = true;

    private Calls calls(Duration requestTimeout) {
        return new EtcdConnection(client, false, List.of(), SECOND, requestTimeout, timing).calls();
    }

    @AfterEach
    void close() {
        client.close();
    }

    private CompletableFuture<RangeResponse> read() {
        return calls.range(READ, () -> wanted);
    }

    private List<ScriptedServer.Call> sent() {
        return server.take(KVGrpc.getRangeMethod());
    }

    private ScriptedServer.Call only() {
        List<ScriptedServer.Call> sent = sent();
        assertThat(sent).hasSize(1);
        return sent.get(0);
    }

    private static CallFailure failure(CompletableFuture<?> call) {
        return (CallFailure) Waits.failure(call);
    }

    @Test
    void attemptTimeouts_doubleUpToTheRequestTimeout() {
        assertThat(IntStream.range(0, 5).mapToObj(calls::attemptTimeout))
                .extracting(Duration::toSeconds)
                .containsExactly(1L, 2L, 4L, 5L, 5L);
    }

    /** S23: a longer request timeout is set for a network where a second is over before the answer can come. */
    @Test
    void attemptTimeouts_withALongerRequestTimeout_startHigher() {
        Calls slow = calls(Duration.ofSeconds(10));
        assertThat(IntStream.range(0, 4).mapToObj(slow::attemptTimeout))
                .extracting(Duration::toSeconds)
                .containsExactly(3L, 6L, 10L, 10L);
    }

    /** S22: not at once, and ever more slowly. */
    @Test
    void tooManyRequests_isTriedAgainAfterGrowingPauses() {
        CompletableFuture<RangeResponse> read = read();
        for (int attempt = 0; attempt < 6; attempt++) {
            only().end(Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests"));
            assertThat(sent()).isEmpty();
            Duration longest = Duration.ofMillis(Math.min(500, 20L << attempt));
            timing.advance(longest.dividedBy(2).minusMillis(1));
            assertThat(sent()).isEmpty();
            timing.advance(longest.dividedBy(2).plusMillis(1));
        }
        only().answer(RangeResponse.getDefaultInstance());
        assertThat(read).isCompleted();
    }

    @Test
    void tooManyRequests_notWantedAnyMore_isSaid() {
        CompletableFuture<RangeResponse> read = read();
        wanted = false;
        only().end(Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests"));
        assertThat(failure(read).toException("Test", "key")).hasMessageContaining("too many requests");
    }

    /** S22 */
    @Test
    void refusedForGood_isNotTriedAgain() {
        for (Status status : List.of(
                Status.INVALID_ARGUMENT.withDescription("etcdserver: request is too large"),
                Status.INVALID_ARGUMENT.withDescription("etcdserver: too many operations in txn request"),
                Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: mvcc: database space exceeded"))) {
            CompletableFuture<RangeResponse> read = read();
            only().end(status);
            timing.advance(Duration.ofSeconds(10));
            assertThat(sent()).isEmpty();
            assertThat(failure(read).kind()).isEqualTo(CallFailure.Kind.FINAL);
        }
    }

    /** S16: the second attempt may wait 2 s, but another endpoint is asked after one. */
    @Test
    void silentRetry_isJoinedByAnotherAttempt_andTheFirstAnswerCounts() {
        CompletableFuture<RangeResponse> read = read();
        only().end(Status.DEADLINE_EXCEEDED);
        timing.advance(Duration.ofMillis(20));
        ScriptedServer.Call second = only();
        timing.advance(SECOND);
        ScriptedServer.Call third = only();
        second.end(Status.DEADLINE_EXCEEDED);
        timing.advance(Duration.ofMillis(500));
        assertThat(sent()).isEmpty(); // the third stands for it
        third.answer(RangeResponse.getDefaultInstance());
        assertThat(read).isCompleted();
        timing.advance(Duration.ofSeconds(10));
        assertThat(sent()).isEmpty();
    }

    @Test
    void silentRetry_answeredLate_countsAsWell() {
        CompletableFuture<RangeResponse> read = read();
        only().end(Status.DEADLINE_EXCEEDED);
        timing.advance(Duration.ofMillis(20));
        ScriptedServer.Call second = only();
        timing.advance(SECOND);
        assertThat(sent()).hasSize(1);
        second.answer(RangeResponse.getDefaultInstance());
        assertThat(read).isCompleted();
        timing.advance(Duration.ofSeconds(10));
        assertThat(sent()).isEmpty();
    }

    @Test
    void silentRetry_notWantedAnyMore_isNotJoined_andItsFailureIsSaid() {
        CompletableFuture<RangeResponse> read = read();
        only().end(Status.DEADLINE_EXCEEDED);
        timing.advance(Duration.ofMillis(20));
        ScriptedServer.Call second = only();
        wanted = false;
        timing.advance(SECOND);
        assertThat(sent()).isEmpty();
        second.end(Status.UNAVAILABLE);
        assertThat(failure(read).kind()).isEqualTo(CallFailure.Kind.AMBIGUOUS);
    }

    /** Between two attempts it waits for a timer, and there is none any more. */
    @Test
    void connectionClosed_whatIsNotAnsweredFails() {
        EtcdConnection connection = new EtcdConnection(client, false, List.of(), SECOND, SECOND, timing);
        CompletableFuture<RangeResponse> betweenAttempts = connection.calls().range(READ, () -> true);
        only().end(Status.UNAVAILABLE);
        CompletableFuture<RangeResponse> sent = connection.calls().range(READ, () -> true);
        connection.close();
        assertThat(failure(betweenAttempts).kind()).isEqualTo(CallFailure.Kind.AMBIGUOUS);
        assertThat(failure(sent)).hasMessageContaining("its connection was closed");
        only().answer(RangeResponse.getDefaultInstance()); // too late
        CompletableFuture<RangeResponse> late = connection.calls().range(READ, () -> true);
        only().end(Status.UNAVAILABLE);
        assertThat(failure(late)).hasMessageContaining("UNAVAILABLE");
    }
}
