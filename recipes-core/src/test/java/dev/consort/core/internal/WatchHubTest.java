/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The one watch stream: what it goes on from, and how it is replaced. */
class WatchHubTest {
    private static final Duration PING_AFTER = Duration.ofMillis(1600);
    private static final Duration DEAD_AFTER = Duration.ofMillis(4100);

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final WatchHub hub = new WatchHub(
            new EtcdConnection(client, false, List.of(), Duration.ofSeconds(5), Duration.ofSeconds(5), timing).calls(),
            timing,
            ByteString.copyFromUtf8("ping"));
    private final List<String> told = new ArrayList<>();
    private final Watch watch = hub.watch(WatchHub.key(ByteString.copyFromUtf8("key")), 5, new WatchHub.Listener() {
        @Override
        public void onCreated() {
            told.add("created");
        }

        @Override
        public void onBroken() {
            told.add("broken");
        }

        @Override
        public void onEvents(List<Event> events) {
            events.forEach(event -> told.add("event " + event.getKv().getModRevision()));
        }

        @Override
        public void onGap() {
            told.add("gap");
        }

        @Override
        public void onRefused(String reason) {
            told.add("refused " + reason);
        }
    });
    private final ScriptedServer.Call first = only();

    @AfterEach
    void close() {
        hub.close();
        client.close();
    }

    private List<ScriptedServer.Call> messages() {
        return server.take(WatchGrpc.getWatchMethod());
    }

    private ScriptedServer.Call only() {
        List<ScriptedServer.Call> messages = messages();
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static WatchCreateRequest created(ScriptedServer.Call message) {
        return ((WatchRequest) message.request).getCreateRequest();
    }

    private static WatchResponse standing(long id) {
        return WatchResponse.newBuilder().setCreated(true).setWatchId(id).build();
    }

    private static WatchResponse event(long id, long revision) {
        return WatchResponse.newBuilder()
                .setWatchId(id)
                .addEvents(Event.newBuilder().setKv(KeyValue.newBuilder().setModRevision(revision)))
                .build();
    }

    /** It starts one revision early: see {@code deletionAtTheCompactedRevision_isNotLost} of the views. */
    @Test
    void brokenStream_goesOnAfterTheLastEvent() {
        assertThat(created(first).getStartRevision()).isEqualTo(5);
        first.tell(standing(0));
        first.tell(event(0, 7));
        first.end(Status.UNAVAILABLE);
        timing.advance(Duration.ofSeconds(1));
        ScriptedServer.Call resumed = only();
        assertThat(created(resumed).getStartRevision()).isEqualTo(7);
        resumed.tell(standing(0));
        resumed.tell(event(0, 7));
        resumed.tell(event(0, 8));
        assertThat(told).containsExactly("created", "event 7", "broken", "created", "event 8");
    }

    /** What jetcd does instead, and loses events by. */
    @Test
    void brokenStream_afterCreatedOnly_goesOnFromWhereItWas() {
        first.tell(standing(0).toBuilder().setHeader(header(100)).build());
        first.end(Status.UNAVAILABLE);
        timing.advance(Duration.ofSeconds(1));
        assertThat(created(only()).getStartRevision()).isEqualTo(4);
    }

    private static ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder().setRevision(revision).build();
    }

    @Test
    void watchEndedByTheServer_tellsTheGap() {
        first.tell(standing(0));
        first.tell(WatchResponse.newBuilder()
                .setWatchId(0)
                .setCanceled(true)
                .setCompactRevision(9)
                .build());
        assertThat(told).containsExactly("created", "gap");
    }

    private ScriptedServer.Call readAfterRefusal(ScriptedServer.Call watch, String reason) {
        watch.tell(standing(-1).toBuilder()
                .setCanceled(true)
                .setCancelReason(reason)
                .build());
        assertThat(told).isEmpty();
        List<ScriptedServer.Call> reads = server.take(KVGrpc.getRangeMethod());
        assertThat(reads).hasSize(1);
        return reads.get(0);
    }

    @Test
    void watchThatIsRefused_whereReadingIsRefusedToo_isTold() {
        readAfterRefusal(first, "permission denied").end(Status.PERMISSION_DENIED);
        assertThat(told).containsExactly("refused permission denied");
    }

    /** The stream has carried its token since it was opened, and 3.4 takes an expired one for no permission. */
    @Test
    void watchThatIsRefused_whereReadingIsPermitted_isTriedOnAnotherStream() {
        readAfterRefusal(first, "permission denied").answer(RangeResponse.getDefaultInstance());
        ScriptedServer.Call again = only();
        assertThat(again.isOnTheStreamOf(first)).isFalse();
        assertThat(first.isCancelled()).isTrue();
        again.tell(standing(0));
        assertThat(told).containsExactly("created");
    }

    @Test
    void watchThatIsRefusedAgainAndAgain_isTold() {
        ScriptedServer.Call stream = first;
        for (int i = 0; i < 3; i++) {
            readAfterRefusal(stream, "etcdserver: invalid auth token").answer(RangeResponse.getDefaultInstance());
            stream = only();
        }
        stream.tell(standing(-1).toBuilder()
                .setCanceled(true)
                .setCancelReason("invalid auth token")
                .build());
        assertThat(told).containsExactly("refused invalid auth token");
    }

    @Test
    void quietStream_isAskedForAnAnswerAndKept() {
        first.tell(standing(0));
        timing.advance(PING_AFTER);
        ScriptedServer.Call ping = only();
        assertThat(ping.isOnTheStreamOf(first)).isTrue();
        assertThat(created(ping).getKey().toStringUtf8()).isEqualTo("ping");
        ping.tell(standing(1));
        assertThat(((WatchRequest) only().request).getCancelRequest().getWatchId())
                .isEqualTo(1);
        timing.advance(Duration.ofMillis(900));
        assertThat(first.isCancelled()).isFalse();
    }

    /** S16: gRPC chooses the endpoints, and might choose the silent one again. */
    @Test
    void silentStream_isReplacedByTheFirstOfTwoThatAnswers() {
        first.tell(standing(0));
        timing.advance(DEAD_AFTER);
        assertThat(first.isCancelled()).isTrue();
        List<ScriptedServer.Call> rivals = messages().stream()
                .filter(message -> !message.isOnTheStreamOf(first))
                .toList();
        assertThat(rivals).hasSize(2);
        ScriptedServer.Call silent = rivals.get(0);
        ScriptedServer.Call winner = rivals.get(1);
        assertThat(winner.isOnTheStreamOf(silent)).isFalse();
        winner.tell(standing(0));
        assertThat(silent.isCancelled()).isTrue();
        assertThat(winner.isCancelled()).isFalse();
        silent.tell(standing(0)); // too late
        List<ScriptedServer.Call> next = messages();
        assertThat(next).hasSize(2).allMatch(message -> message.isOnTheStreamOf(winner));
        assertThat(((WatchRequest) next.get(0).request).hasCancelRequest()).isTrue();
        assertThat(created(next.get(1)).getStartRevision()).isEqualTo(4);
        winner.tell(standing(1));
        winner.tell(event(1, 6));
        assertThat(told).containsExactly("created", "broken", "created", "event 6");
    }

    @Test
    void rivals_bothSilentOrBroken_areTriedAgain() {
        timing.advance(DEAD_AFTER);
        messages();
        timing.advance(DEAD_AFTER);
        List<ScriptedServer.Call> again = messages();
        assertThat(again).hasSize(2);
        again.get(0).end(Status.UNAVAILABLE);
        assertThat(messages()).isEmpty();
        again.get(1).end(Status.UNAVAILABLE);
        timing.advance(Duration.ofSeconds(1));
        assertThat(created(only()).getKey().toStringUtf8()).isEqualTo("key");
    }

    @Test
    void watchAddedDuringTheRace_isCreatedOnTheWinner() {
        timing.advance(DEAD_AFTER);
        List<ScriptedServer.Call> rivals = messages().stream()
                .filter(message -> !message.isOnTheStreamOf(first))
                .toList();
        Watch second = hub.watch(
                WatchHub.key(ByteString.copyFromUtf8("second")),
                9,
                new Mailbox(Missing.value(), Missing.value(), ByteString.EMPTY));
        assertThat(messages()).isEmpty();
        rivals.get(0).tell(standing(0));
        assertThat(messages().stream()
                        .map(message -> created(message).getKey().toStringUtf8())
                        .filter(key -> !key.isEmpty()))
                .containsExactly("key", "second");
        second.cancel();
        watch.cancel();
    }
}
