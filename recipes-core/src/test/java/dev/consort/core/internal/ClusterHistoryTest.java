/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.SessionState;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which header says that the history is another one, and which only seems to. */
class ClusterHistoryTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final long CLUSTER = 7;
    private static final RangeRequest READ =
            ClaimTxns.key(ByteString.copyFromUtf8("key")).build();

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final EtcdConnection connection =
            new EtcdConnection(client, false, List.of(), Duration.ofSeconds(5), Duration.ofSeconds(5), timing);
    private final EtcdSession session = new EtcdSession(
            connection,
            false,
            new SessionKeys(ByteString.copyFromUtf8("own/session/")),
            Runnable::run,
            new EtcdSession.Lease(7, Duration.ofHours(1), timing.nanoTime()));
    private int gaps;

    @BeforeEach
    void start() {
        connection.add(session);
        connection.watches().watch(WatchHub.key(ByteString.copyFromUtf8("view")), 5, new WatchHub.Listener() {
            @Override
            public void onEvents(List<Event> events) {}

            @Override
            public void onGap() {
                gaps++;
            }

            @Override
            public void onRefused(String reason) {}
        });
        see(100);
    }

    @AfterEach
    void close() {
        client.close();
    }

    private static ResponseHeader header(long cluster, long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(cluster)
                .setRevision(revision)
                .build();
    }

    private static RangeResponse range(long revision) {
        return RangeResponse.newBuilder().setHeader(header(CLUSTER, revision)).build();
    }

    private static TxnResponse txn(long revision) {
        return TxnResponse.newBuilder()
                .setHeader(header(CLUSTER, revision))
                .setSucceeded(true)
                .build();
    }

    private ScriptedServer.Call read() {
        var unused = connection.calls().once(KVGrpc.getRangeMethod(), READ, SECOND);
        return only(reads());
    }

    private void see(long revision) {
        read().answer(range(revision));
    }

    private ScriptedServer.Call renewal() {
        LeaseKeepAliveRequest request =
                LeaseKeepAliveRequest.newBuilder().setID(9).build();
        var unused = connection.calls().once(LeaseGrpc.getLeaseKeepAliveMethod(), request, SECOND);
        return only(server.take(LeaseGrpc.getLeaseKeepAliveMethod()));
    }

    private static LeaseKeepAliveResponse renewed(long cluster, long revision) {
        return LeaseKeepAliveResponse.newBuilder()
                .setHeader(header(cluster, revision))
                .setTTL(10)
                .build();
    }

    private List<ScriptedServer.Call> reads() {
        return server.take(KVGrpc.getRangeMethod());
    }

    private List<ScriptedServer.Call> writes() {
        return server.take(KVGrpc.getTxnMethod());
    }

    private static ScriptedServer.Call only(List<ScriptedServer.Call> calls) {
        assertThat(calls).hasSize(1);
        return calls.get(0);
    }

    private void assertUnchanged() {
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(gaps).isZero();
        assertThat(writes()).isEmpty();
    }

    private void assertChanged() {
        assertThat(session.state()).isEqualTo(SessionState.LOST);
        assertThat(gaps).isEqualTo(1);
    }

    @Test
    void fallOfARead_confirmedByAWrite_endsSessionsAndWatches() {
        see(99);
        ScriptedServer.Call confirming = only(writes());
        DeleteRangeRequest nothing =
                ((TxnRequest) confirming.request).getSuccess(0).getRequestDeleteRange();
        assertThat(nothing.getKey().toStringUtf8()).isEqualTo("own/session/history");
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        confirming.answer(txn(99));
        assertChanged();
    }

    @Test
    void fallOfATransaction_isOneToo() {
        var unused = connection.calls().txn(TxnRequest.getDefaultInstance());
        only(writes()).answer(txn(60));
        only(writes()).answer(txn(60));
        assertChanged();
    }

    /** The defect of servers before 3.5.28 and 3.4.42. */
    @Test
    void fallOfARead_deniedByAWrite_changesNothing() {
        see(99);
        ScriptedServer.Call confirming = only(writes());
        see(98);
        assertThat(writes()).isEmpty(); // one at a time
        confirming.answer(txn(101));
        assertUnchanged();
        see(99);
        assertThat(writes()).hasSize(1);
    }

    @Test
    void fallOfARead_writeUnanswered_isConfirmedByTheNextAttempt() {
        see(99);
        only(writes()).end(Status.UNAVAILABLE);
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        timing.advance(SECOND);
        only(writes()).answer(txn(50));
        assertChanged();
    }

    /** To lose a session for nothing is safe. */
    @Test
    void fallOfARead_writeRefused_countsAsConfirmed() {
        see(99);
        only(writes()).end(Status.PERMISSION_DENIED);
        assertChanged();
    }

    /** What had been sent before the revision was seen may be answered by less. */
    @Test
    void readSentBefore_answeredByLess_changesNothing() {
        ScriptedServer.Call slow = read();
        see(200);
        slow.answer(range(150));
        assertUnchanged();
        see(200);
        assertUnchanged();
    }

    @Test
    void serializableRead_mayLag() {
        RangeRequest local = READ.toBuilder().setSerializable(true).build();
        var unused = connection.calls().once(KVGrpc.getRangeMethod(), local, SECOND);
        only(reads()).answer(range(50));
        assertUnchanged();
    }

    /** A renewal is answered by a member that may lag: a reason to ask, no more. */
    @Test
    void renewalThatLags_isAskedAbout() {
        renewal().answer(renewed(CLUSTER, 90));
        ScriptedServer.Call question = only(reads());
        renewal().answer(renewed(CLUSTER, 91));
        assertThat(reads()).isEmpty(); // one at a time
        question.answer(range(100));
        only(reads()).answer(range(100)); // for the second
        assertThat(reads()).isEmpty();
        assertUnchanged();
        renewal().answer(renewed(CLUSTER, 120));
        assertThat(reads()).isEmpty();
        see(119); // what a renewal says was seen, too
        assertThat(writes()).hasSize(1);
    }

    @Test
    void anotherCluster_needsNoConfirmation() {
        renewal().answer(renewed(8, 1000));
        assertChanged();
    }

    @Test
    void anotherClusterOnTheWatchStream_isNoticed() {
        ScriptedServer.Call stream = only(server.take(WatchGrpc.getWatchMethod()));
        stream.tell(WatchResponse.newBuilder()
                .setHeader(header(8, 1))
                .setCreated(true)
                .build());
        assertChanged();
    }

    /** The next history has revisions of its own, and answers of the past say nothing about it. */
    @Test
    void afterAChange_theNewHistoryCounts() {
        ScriptedServer.Call late = read();
        renewal().answer(renewed(8, 10));
        assertChanged();
        late.answer(range(500));
        var unused = connection.calls().once(KVGrpc.getRangeMethod(), READ, SECOND);
        only(reads()).answer(RangeResponse.newBuilder().setHeader(header(8, 11)).build());
        assertThat(writes()).isEmpty();
        assertThat(gaps).isEqualTo(1);
        assertThat(connection.calls().history().present().revision()).isEqualTo(11);
    }

    /** A restore breaks every stream, so that is when to ask. */
    @Test
    void brokenWatchStream_isAskedAbout() {
        ScriptedServer.Call stream = only(server.take(WatchGrpc.getWatchMethod()));
        assertThat(reads()).isEmpty();
        stream.end(Status.UNAVAILABLE);
        timing.advance(SECOND);
        assertThat(server.take(WatchGrpc.getWatchMethod())).hasSize(1);
        only(reads()).answer(range(40));
        only(writes()).answer(txn(40));
        assertChanged();
    }

    @Test
    void silentWatchStream_isAskedAbout() {
        timing.advance(Duration.ofSeconds(5));
        assertThat(reads()).isNotEmpty();
    }

    @Test
    void headersWithoutACluster_sayNothing() {
        var unused = connection.calls().once(KVGrpc.getRangeMethod(), READ, SECOND);
        only(reads()).answer(RangeResponse.getDefaultInstance());
        assertUnchanged();
    }
}
