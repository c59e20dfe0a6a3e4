/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One gRPC stream of watches, and what stands on it. Confined to the serializer of its hub, but for gRPC's callbacks, which
 * go there.
 */
final class WatchStream extends ClientCall.Listener<WatchResponse> {
    private static final Metadata.Key<String> REQUIRE_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

    private final WatchHub hub;
    private final Timing timing;
    private final ClusterHistory history;
    private final ClusterHistory.Epoch epoch;
    private final Queue<Watch> creating = new ArrayDeque<>(); // asked for, not answered yet
    private final LongObjectMap<Watch> standing =
            new LongObjectHashMap<>(16, 0.75f); // by the server's id; there may be many
    private long lastHeard;
    private boolean asked;

    @SuppressWarnings("NullAway.Init") // set by open, before anything else is called
    private ClientCall<WatchRequest, WatchResponse> call;

    private WatchStream(WatchHub hub, ClusterHistory history, Timing timing) {
        this.hub = hub;
        this.timing = timing;
        this.history = history;
        this.epoch = history.present();
        this.lastHeard = timing.nanoTime();
    }

    static WatchStream open(WatchHub hub, Calls calls, Timing timing) {
        Metadata headers = new Metadata();
        headers.put(REQUIRE_LEADER, "true");
        WatchStream stream = new WatchStream(hub, calls.history(), timing);
        stream.call = calls.stream(WatchGrpc.getWatchMethod(), stream, headers);
        return stream;
    }

    void create(Watch watch) {
        creating.add(watch);
        call.sendMessage(
                WatchRequest.newBuilder().setCreateRequest(watch.create()).build());
    }

    /** Asks for any answer by a watch that nobody wants, if that was not done since the last one. */
    void ask(Watch unwanted) {
        if (!asked) {
            asked = true;
            create(unwanted);
        }
    }

    /** Cancels what the server has as a watch of this id. */
    void cancel(long id) {
        call.sendMessage(WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
                .build());
    }

    void cancel(Watch watch) {
        if (standing.get(watch.id()) == watch) {
            standing.remove(watch.id());
            cancel(watch.id());
        }
    }

    void end(String why) {
        call.cancel(why, null);
    }

    void heard() {
        lastHeard = timing.nanoTime();
        asked = false;
    }

    long silentNanos() {
        return timing.nanoTime() - lastHeard;
    }

    /** The watch that an answer to a request for one is about: they come in the order of the requests. */
    @Nullable
    Watch answered() {
        return creating.poll();
    }

    void stands(Watch watch, long id) {
        standing.put(id, watch);
        watch.stands(id);
    }

    @Nullable
    Watch standing(long id) {
        return standing.get(id);
    }

    @Nullable
    Watch ended(long id) {
        return standing.remove(id);
    }

    List<Watch> standing() {
        return List.copyOf(standing.values());
    }

    @Override
    public void onMessage(WatchResponse response) {
        call.request(1);
        history.passing(epoch, response.getHeader());
        hub.onMessage(this, response);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        hub.onClose(this, status);
    }
}
