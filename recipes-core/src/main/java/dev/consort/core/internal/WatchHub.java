/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every watch of a connection on one gRPC stream. When the stream breaks, each watch goes on from the revision after its
 * last event or progress notification; the server's "created" answer never moves that revision, which is how jetcd loses
 * events. A stream that is silent is asked for an answer, and left for another endpoint if none comes.
 *
 * <p>Listeners are called by the hub's serializer, in revision order for one watch: they must hand over and return.
 *
 * <p>Thread-safe: all state is confined to {@link #serializer}.
 */
final class WatchHub {
    /** Who is told. */
    interface Listener {
        /** The server has set the watch up, for the first time or again; events missed since then follow. */
        default void onCreated() {}

        /** The stream under a watch that stood is gone. It goes on by itself; until then nothing is heard. */
        default void onBroken() {}

        /** Events in revision order; all those of a revision come together. */
        void onEvents(List<Event> events);

        /** The watch ended, and events may have been missed: read again, and open another one. */
        void onGap();

        /** The server refuses this watch for good. */
        void onRefused(String reason);
    }

    private static final Listener NOBODY = new Listener() {
        @Override
        public void onEvents(List<Event> events) {}

        @Override
        public void onGap() {}

        @Override
        public void onRefused(String reason) {}
    };

    private static final Logger log = LoggerFactory.getLogger(WatchHub.class);
    private static final Metadata.Key<String> REQUIRE_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);
    private static final Duration PING_AFTER = Duration.ofSeconds(1);
    private static final int RIVALS = 2;

    /** Of a watch that a read says is permitted: users and roles may change several times at once. */
    private static final int MOST_REFUSALS = 3;

    private final Calls calls;
    private final Timing timing;
    private final ByteString pingKey;
    private final long pingNanos = PING_AFTER.toNanos();
    private final long deadNanos;
    private final Serializer serializer = new Serializer();

    // Confined to serializer.
    private final Set<Watch> watches = new LinkedHashSet<>();
    private final Queue<Watch> creating = new ArrayDeque<>(); // asked for on this stream, not answered yet
    private final Map<Long, Watch> standing = new HashMap<>(); // by the server's id on this stream
    private @Nullable Stream stream;
    private final Set<Stream> rivals = new LinkedHashSet<>(); // opened together; the first that answers is the stream
    private long lastHeard;
    private boolean pinged;
    private int failures;
    private volatile boolean closed; // written by the serializer only
    private boolean ticking;

    WatchHub(Calls calls, Timing timing, ByteString pingKey) {
        this.calls = calls;
        this.timing = timing;
        this.pingKey = pingKey;
        this.deadNanos = pingNanos + calls.requestTimeout().toNanos() / 2;
    }

    /** Starts a watch of what the prototype names, from a revision on. */
    Watch watch(WatchCreateRequest prototype, long from, Listener listener) {
        Watch watch = new Watch(prototype, from, listener);
        serializer.execute(() -> {
            if (!closed) {
                watches.add(watch);
                if (stream == null) {
                    open();
                } else {
                    stream.create(watch);
                }
            }
        });
        return watch;
    }

    static WatchCreateRequest key(ByteString key) {
        return WatchCreateRequest.newBuilder().setKey(key).build();
    }

    /** With progress notifications, which keep an idle watch's revision from being compacted away. */
    static WatchCreateRequest prefix(ByteString prefix) {
        return WatchCreateRequest.newBuilder()
                .setKey(prefix)
                .setRangeEnd(ClaimTxns.endOf(prefix))
                .setProgressNotify(true)
                .build();
    }

    /** What the watches would go on from means nothing any more: all end, and their owners read again. */
    void restart() {
        serializer.execute(() -> {
            List<Watch> ended = List.copyOf(watches);
            watches.clear();
            drop("the history has changed");
            dropRivals();
            ended.forEach(watch -> watch.listener.onGap());
        });
    }

    void close() {
        serializer.execute(() -> {
            closed = true;
            watches.clear();
            drop("closed");
            dropRivals();
        });
    }

    private void open() {
        if (closed || watches.isEmpty() || stream != null || !rivals.isEmpty()) {
            return;
        }
        creating.clear();
        standing.clear();
        lastHeard = timing.nanoTime();
        pinged = false;
        stream = new Stream();
        stream.start();
        if (failures > 0) {
            calls.history().reconnected();
        }
        watches.forEach(stream::create);
        if (!ticking) {
            ticking = true;
            tick();
        }
    }

    /**
     * Opens streams to two endpoints. gRPC takes the endpoints in turn, and with renewals going out at a steady pace a
     * single new stream may come to the same silent one time after time.
     */
    private void race() {
        dropRivals();
        lastHeard = timing.nanoTime();
        calls.history().reconnected();
        for (int i = 0; i < RIVALS; i++) {
            Stream rival = new Stream();
            rivals.add(rival);
            rival.start();
            rival.send(pingWatch());
        }
    }

    private void dropRivals() {
        rivals.forEach(rival -> rival.call.cancel("another one answered", null));
        rivals.clear();
    }

    private void onFirstAnswer(Stream winner, WatchResponse ping) {
        rivals.remove(winner);
        dropRivals();
        stream = winner;
        creating.clear();
        standing.clear();
        lastHeard = timing.nanoTime();
        pinged = false;
        failures = 0;
        if (!ping.getCanceled()) {
            winner.cancel(ping.getWatchId());
        }
        watches.forEach(winner::create);
    }

    private Watch pingWatch() {
        return new Watch(key(pingKey), 0, NOBODY);
    }

    private void drop(String why) {
        if (stream != null) {
            stream.call.cancel(why, null);
            broken();
        }
    }

    private void broken() {
        stream = null;
        List<Watch> stood = List.copyOf(standing.values());
        standing.clear();
        stood.forEach(watch -> watch.listener.onBroken());
    }

    private void reopenLater() {
        timing.schedule(Calls.pause(failures), () -> serializer.execute(this::open));
        failures++;
    }

    private void tick() {
        timing.schedule(
                PING_AFTER.dividedBy(2),
                () -> serializer.execute(() -> {
                    if (closed || watches.isEmpty()) {
                        ticking = false;
                        return;
                    }
                    long silent = timing.nanoTime() - lastHeard;
                    if ((stream != null || !rivals.isEmpty()) && silent > deadNanos) {
                        log.warn("The watch stream has been silent for {} ms; opening another one", silent / 1_000_000);
                        drop("silent");
                        calls.reconnect();
                        race();
                    } else if (stream != null && silent > pingNanos && !pinged) {
                        pinged = true;
                        stream.ping();
                    }
                    tick();
                }));
    }

    private void onMessage(Stream from, WatchResponse response) {
        if (rivals.contains(from)) {
            onFirstAnswer(from, response);
            return;
        }
        if (from != stream) {
            return;
        }
        lastHeard = timing.nanoTime();
        pinged = false;
        failures = 0;
        if (response.getCreated()) {
            onCreated(from, response);
            return;
        }
        Watch watch = standing.get(response.getWatchId());
        if (watch == null) {
            return;
        }
        if (response.getCanceled()) {
            standing.remove(response.getWatchId());
            watches.remove(watch);
            log.debug("Watch ended by the server: {}", response.getCancelReason());
            watch.listener.onGap();
        } else if (response.getEventsCount() > 0) {
            watch.onEvents(response.getEventsList());
        } else {
            // A progress notification: nothing is missed up to there, and a compaction up to there does no harm.
            watch.next = Math.max(watch.next, response.getHeader().getRevision() + 1);
        }
    }

    /** Answered in the order of the requests; a refused one carries no usable id on some versions. */
    private void onCreated(Stream from, WatchResponse response) {
        Watch watch = creating.poll();
        if (watch == null) {
            return;
        }
        if (response.getCanceled()) {
            onRefused(from, watch, response.getCancelReason());
        } else if (watches.contains(watch)) {
            watch.id = response.getWatchId();
            watch.refusals = 0;
            standing.put(watch.id, watch);
            watch.listener.onCreated();
        } else {
            from.cancel(response.getWatchId());
        }
    }

    /**
     * A stream carries the token that it was opened with, and servers before 3.5 do not tell an outdated one from a
     * missing permission. A read, which renews the token if need be, tells.
     */
    private void onRefused(Stream from, Watch watch, String reason) {
        boolean mayBeToken = TokenInterceptor.isOutdated(reason) || reason.contains("permission denied");
        if (!mayBeToken || ++watch.refusals > MOST_REFUSALS) {
            refuse(watch, reason);
        } else if (watches.contains(watch)) {
            Completion.of(
                    calls.range(watch.probe(), () -> !closed),
                    (answer, failure) -> serializer.execute(() -> {
                        if (failure != null) {
                            refuse(watch, reason);
                        } else if (watches.contains(watch) && from == stream) {
                            log.debug("The watch stream's token is outdated; opening another stream");
                            drop("its token is outdated");
                            open();
                        }
                    }));
        }
    }

    private void refuse(Watch watch, String reason) {
        if (watches.remove(watch)) {
            watch.listener.onRefused(reason);
        }
    }

    private void onClose(Stream from, Status status) {
        if (from != stream && !rivals.remove(from)) {
            return;
        }
        if (!rivals.isEmpty()) {
            return; // another one may answer
        }
        broken();
        if (!closed && !watches.isEmpty()) {
            log.debug("The watch stream ended ({}); resuming {} watches", status, watches.size());
            calls.reconnect();
            reopenLater();
        }
    }

    /** One watch; cancelled by its owner. */
    final class Watch {
        private final WatchCreateRequest prototype;
        private final Listener listener;
        private long id; // confined to serializer, like what follows
        private long next;
        private boolean early;
        private int refusals; // since the watch last stood

        private Watch(WatchCreateRequest prototype, long from, Listener listener) {
            this.prototype = prototype;
            this.early = !prototype.getRangeEnd().isEmpty();
            this.next = from;
            this.listener = listener;
        }

        /**
         * Where to start on a stream. Opened at just the revision of a compaction, servers before 3.4.36 and 3.5.18 leave
         * out that revision's deletions without a word; so a watch starts one revision early when it is resumed, or
         * follows a read of many pages. The first start of others must be prompt: an early one is served within 100 ms.
         */
        private long start() {
            long start = early && next > 1 ? next - 1 : next;
            early = true;
            return start;
        }

        private void onEvents(List<Event> events) {
            List<Event> fresh = events;
            if (events.get(0).getKv().getModRevision() < next) {
                fresh = events.stream()
                        .filter(event -> event.getKv().getModRevision() >= next)
                        .toList();
            }
            if (!fresh.isEmpty()) {
                next = fresh.get(fresh.size() - 1).getKv().getModRevision() + 1;
                listener.onEvents(fresh);
            }
        }

        private RangeRequest probe() {
            return RangeRequest.newBuilder()
                    .setKey(prototype.getKey())
                    .setRangeEnd(prototype.getRangeEnd())
                    .setKeysOnly(true)
                    .setLimit(1)
                    .build();
        }

        void cancel() {
            serializer.execute(() -> {
                if (watches.remove(this) && stream != null && standing.remove(id, this)) {
                    stream.cancel(id);
                }
            });
        }
    }

    /** One gRPC stream; used by the serializer only, but for its callbacks. */
    private final class Stream extends ClientCall.Listener<WatchResponse> {
        @SuppressWarnings("NullAway.Init") // set by start, before anything else is called
        private ClientCall<WatchRequest, WatchResponse> call;

        private final ClusterHistory.Epoch epoch = calls.history().present();

        void start() {
            Metadata headers = new Metadata();
            headers.put(REQUIRE_LEADER, "true");
            call = calls.stream(WatchGrpc.getWatchMethod(), this, headers);
            call.request(1);
        }

        void create(Watch watch) {
            creating.add(watch);
            send(watch);
        }

        void send(Watch watch) {
            WatchCreateRequest request =
                    watch.prototype.toBuilder().setStartRevision(watch.start()).build();
            call.sendMessage(WatchRequest.newBuilder().setCreateRequest(request).build());
        }

        void cancel(long id) {
            call.sendMessage(WatchRequest.newBuilder()
                    .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
                    .build());
        }

        /** A watch that nobody wants, cancelled when it stands: unlike a progress request, every version answers it. */
        void ping() {
            create(pingWatch());
        }

        @Override
        public void onMessage(WatchResponse response) {
            call.request(1);
            calls.history().passing(epoch, response.getHeader());
            serializer.execute(() -> WatchHub.this.onMessage(this, response));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            serializer.execute(() -> WatchHub.this.onClose(this, status));
        }
    }
}
