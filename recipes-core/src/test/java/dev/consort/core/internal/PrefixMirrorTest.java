/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Subscription;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a view makes of each answer, on the test's own thread. */
class PrefixMirrorTest {
    private static final Duration ASKED_AGAIN = Duration.ofSeconds(5);

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final EtcdConnection connection =
            new EtcdConnection(client, false, List.of(), Duration.ofSeconds(5), Duration.ofSeconds(5), timing);
    private final ViewRecorder recorder = new ViewRecorder();
    private final Subscription view = look(recorder);

    @AfterEach
    void close() {
        view.close();
        connection.close();
        client.close();
    }

    private Subscription look(ViewRecorder listener) {
        return PrefixView.open(connection, "Test", "app/", Runnable::run, listener);
    }

    private ScriptedServer.Call read() {
        List<ScriptedServer.Call> reads = server.take(KVGrpc.getRangeMethod());
        assertThat(reads).hasSize(1);
        return reads.get(0);
    }

    private ScriptedServer.Call watch() {
        List<ScriptedServer.Call> messages = server.take(WatchGrpc.getWatchMethod());
        assertThat(messages).isNotEmpty();
        return messages.get(messages.size() - 1);
    }

    private static long start(ScriptedServer.Call watch) {
        return ((WatchRequest) watch.request).getCreateRequest().getStartRevision();
    }

    private static ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder().setRevision(revision).build();
    }

    private static RangeResponse page(long revision, boolean more, KeyValue... kvs) {
        return RangeResponse.newBuilder()
                .setHeader(header(revision))
                .addAllKvs(List.of(kvs))
                .setMore(more)
                .build();
    }

    private static KeyValue kv(String key, long mod, long version) {
        return KeyValue.newBuilder()
                .setKey(ByteString.copyFromUtf8("app/" + key))
                .setValue(ByteString.copyFromUtf8("of " + mod))
                .setCreateRevision(mod)
                .setModRevision(mod)
                .setVersion(version)
                .build();
    }

    private static WatchResponse standing() {
        return WatchResponse.newBuilder().setCreated(true).setWatchId(0).build();
    }

    private static WatchResponse puts(KeyValue... kvs) {
        WatchResponse.Builder response = WatchResponse.newBuilder().setWatchId(0);
        for (KeyValue kv : kvs) {
            response.addEvents(Event.newBuilder().setKv(kv));
        }
        return response.build();
    }

    @Test
    void pages_areReadAtTheRevisionOfTheFirst() {
        read().answer(page(7, true, kv("a", 3, 1), kv("b", 4, 1)));
        ScriptedServer.Call second = read();
        RangeRequest request = (RangeRequest) second.request;
        assertThat(request.getRevision()).isEqualTo(7);
        assertThat(request.getKey().toStringUtf8()).isEqualTo("app/b\0");
        assertThat(recorder.snapshots()).isEmpty();
        assertThat(view.ready()).isNotDone();
        second.answer(page(9, false, kv("c", 5, 1)));
        assertThat(recorder.state()).containsOnlyKeys("app/a", "app/b", "app/c");
        assertThat(recorder.revision()).isEqualTo(7);
        assertThat(view.ready()).isCompleted();
        assertThat(start(watch())).isEqualTo(7); // one early, see below
    }

    /** Values may have up to 1.5 MiB each. */
    @Test
    void largePages_areFollowedBySmallerOnes() {
        ScriptedServer.Call first = read();
        assertThat(((RangeRequest) first.request).getLimit()).isEqualTo(16);
        KeyValue large = kv("a", 3, 1).toBuilder()
                .setValue(ByteString.copyFrom(new byte[1 << 20]))
                .build();
        first.answer(page(7, true, large));
        ScriptedServer.Call second = read();
        assertThat(((RangeRequest) second.request).getLimit()).isEqualTo(8);
        second.answer(page(7, true, kv("b", 4, 1)));
        assertThat(((RangeRequest) read().request).getLimit()).isEqualTo(16);
    }

    @Test
    void pageCompactedAway_startsOverAfterAPause() {
        read().answer(page(7, true, kv("a", 3, 1)));
        read().end(Status.OUT_OF_RANGE.withDescription("etcdserver: mvcc: required revision has been compacted"));
        assertThat(server.take(KVGrpc.getRangeMethod())).isEmpty();
        timing.advance(Duration.ofSeconds(1));
        ScriptedServer.Call again = read();
        assertThat(((RangeRequest) again.request).getRevision()).isZero();
        again.answer(page(9, false, kv("b", 8, 1)));
        assertThat(recorder.state()).containsOnlyKeys("app/b");
        assertThat(recorder.revision()).isEqualTo(9);
    }

    @Test
    void eventsOfOneBatch_areToldByRevision() {
        read().answer(page(7, false));
        ScriptedServer.Call watch = watch();
        watch.tell(standing());
        watch.tell(puts(kv("a", 8, 1), kv("b", 8, 1), kv("c", 9, 1)));
        assertThat(recorder.sizes()).containsExactly(Map.entry(8L, 2), Map.entry(9L, 1));
        assertThat(recorder.wrong()).isEmpty();
    }

    /** A watch starts one revision early, for what old servers leave out; nothing is told twice for that. */
    @Test
    void eventsSeenBefore_areNotToldAgain() {
        read().answer(page(7, false));
        ScriptedServer.Call watch = watch();
        watch.tell(standing());
        watch.tell(puts(kv("a", 8, 1)));
        watch.end(Status.UNAVAILABLE);
        timing.advance(Duration.ofSeconds(1));
        ScriptedServer.Call resumed = watch();
        assertThat(start(resumed)).isEqualTo(8);
        resumed.tell(standing());
        resumed.tell(puts(kv("a", 8, 1)));
        resumed.tell(puts(kv("a", 8, 1), kv("b", 9, 1)));
        assertThat(recorder.sizes()).containsOnlyKeys(8L, 9L);
        assertThat(recorder.wrong()).isEmpty();
        assertThat(recorder.news()).containsExactly("stale", "current");
    }

    @Test
    void progressNotification_movesWhereAnIdleWatchGoesOn() {
        read().answer(page(7, false));
        ScriptedServer.Call watch = watch();
        assertThat(((WatchRequest) watch.request).getCreateRequest().getProgressNotify())
                .isTrue();
        watch.tell(standing());
        watch.tell(
                WatchResponse.newBuilder().setWatchId(0).setHeader(header(50)).build());
        watch.end(Status.UNAVAILABLE);
        timing.advance(Duration.ofSeconds(1));
        assertThat(start(watch())).isEqualTo(50);
    }

    @Test
    void refusedRead_isToldAtOnceAndTriedAgain() {
        read().end(Status.PERMISSION_DENIED.withDescription("etcdserver: permission denied"));
        assertThat(recorder.news()).hasSize(1);
        assertThat(recorder.news().get(0)).contains("permission").contains("app/");
        assertThatThrownBy(() -> view.ready().join()).hasCauseInstanceOf(PermissionDeniedException.class);
        ViewRecorder second = new ViewRecorder();
        try (Subscription late = look(second)) {
            assertThat(late.ready()).isCompletedExceptionally();
            assertThat(server.take(KVGrpc.getRangeMethod())).isEmpty();
            timing.advance(ASKED_AGAIN);
            read().answer(page(7, false, kv("a", 3, 1)));
            assertThat(recorder.state()).hasSize(1);
            assertThat(second.state()).hasSize(1);
        }
    }

    @Test
    void refusedWatch_isToldAndReadAgainLater() {
        read().answer(page(7, false));
        watch().tell(standing().toBuilder()
                .setCanceled(true)
                .setCancelReason("rpc error: permission denied")
                .build());
        // It might be the stream's token that is out of date: a read with a new one tells.
        read().end(Status.PERMISSION_DENIED.withDescription("etcdserver: permission denied"));
        assertThat(recorder.news()).singleElement().asString().contains("permission");
        timing.advance(ASKED_AGAIN);
        read().answer(page(9, false, kv("a", 8, 1)));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED, Cause.GAP);
        assertThat(start(watch())).isEqualTo(9);
    }

    @Test
    void watchEndedByTheServer_readsAgainAndTellsTheDifferences() {
        read().answer(page(7, false, kv("a", 3, 1), kv("b", 4, 1)));
        ScriptedServer.Call watch = watch();
        watch.tell(standing());
        watch.tell(WatchResponse.newBuilder()
                .setWatchId(0)
                .setCanceled(true)
                .setCompactRevision(20)
                .build());
        read().answer(page(30, false, kv("b", 25, 2), kv("c", 26, 1)));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED, Cause.GAP);
        assertThat(recorder.lastDifferences())
                .extracting(change -> change.key().toStringUtf8())
                .containsExactly("app/a", "app/b", "app/c");
        assertThat(recorder.wrong()).isEmpty();
        assertThat(start(watch())).isEqualTo(30);
    }

    /** A server that is behind, as some versions are after a change of leader. */
    @Test
    void readOfAnOlderRevision_isMadeAgain() {
        read().answer(page(7, false, kv("a", 3, 1)));
        ScriptedServer.Call watch = watch();
        watch.tell(standing());
        watch.tell(puts(kv("a", 12, 2)));
        watch.tell(WatchResponse.newBuilder().setWatchId(0).setCanceled(true).build());
        read().answer(page(11, false, kv("a", 3, 1)));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED);
        timing.advance(Duration.ofSeconds(1));
        read().answer(page(12, false, kv("a", 12, 2)));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED, Cause.GAP);
        assertThat(recorder.lastDifferences()).isEmpty();
        assertThat(recorder.wrong()).isEmpty();
    }

    @Test
    void closedWhileBeingRead_watchesNothing() {
        ScriptedServer.Call read = read();
        view.close();
        read.answer(page(7, false, kv("a", 3, 1)));
        assertThat(server.take(WatchGrpc.getWatchMethod())).isEmpty();
        assertThat(recorder.snapshots()).isEmpty();
    }

    @Test
    void closedBeforeItWasRead_saysSoToWhoeverWaits() {
        Subscription other = look(new ViewRecorder());
        other.close();
        assertThat(Waits.failure(other.ready()))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining("'app/'")
                .hasMessageContaining("closed before");
        assertThat(view.ready()).isNotDone();
        connection.close();
        assertThat(Waits.failure(view.ready())).hasMessageContaining("closed before");
        assertThat(recorder.state()).isEmpty();
    }
}
