/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
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

        /** The stream that a watch stood on, or was to stand on, is gone. It goes on by itself; until then nothing is heard. */
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
    private @Nullable WatchStream stream;
    private final Set<WatchStream> rivals = new LinkedHashSet<>(); // the first that answers is the stream
    private int failures;
    private volatile boolean closed; // written by the serializer only
    private boolean ticking;

    WatchHub(Calls calls, Timing timing, ByteString pingKey) {
        this.calls = calls;
        this.timing = timing;
        this.pingKey = pingKey;
        this.deadNanos = pingNanos + calls.requestTimeout().toNanos() / 2;
    }

    /** Starts a watch, from a revision on. */
    Watch watch(Subject subject, long from, Listener listener) {
        Watch watch = new Watch(this, subject, from, listener);
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

    void cancel(Watch watch) {
        serializer.execute(() -> {
            if (watches.remove(watch) && stream != null) {
                stream.cancel(watch);
            }
        });
    }

    /** What is to be watched: made each time it is asked for, since there is a watch for each held grant. */
    interface Subject {
        WatchCreateRequest.Builder request();
    }

    static Subject key(ByteString key) {
        return () -> WatchCreateRequest.newBuilder().setKey(key);
    }

    /** Of deletions only, with progress notifications too. */
    static Subject deletions(ByteString prefix) {
        return () -> WatchCreateRequest.newBuilder()
                .setKey(prefix)
                .setRangeEnd(ClaimTxns.endOf(prefix))
                .addFilters(WatchCreateRequest.FilterType.NOPUT)
                .setProgressNotify(true);
    }

    /** With progress notifications, which keep an idle watch's revision from being compacted away. */
    static Subject range(KeyRange range) {
        return () -> WatchCreateRequest.newBuilder()
                .setKey(range.key())
                .setRangeEnd(range.end())
                .setProgressNotify(true);
    }

    /** What the watches would go on from means nothing any more: all end, and their owners read again. */
    void restart() {
        serializer.execute(() -> {
            List<Watch> ended = List.copyOf(watches);
            watches.clear();
            drop("the history has changed");
            dropRivals();
            ended.forEach(watch -> watch.listener().onGap());
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
        stream = WatchStream.open(this, calls, timing);
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
        calls.history().reconnected();
        for (int i = 0; i < RIVALS; i++) {
            WatchStream rival = WatchStream.open(this, calls, timing);
            rivals.add(rival);
            rival.ask(unwanted());
        }
    }

    private void dropRivals() {
        rivals.forEach(rival -> rival.end("another one answered"));
        rivals.clear();
    }

    private void onFirstAnswer(WatchStream winner, WatchResponse answer) {
        rivals.remove(winner);
        dropRivals();
        stream = winner;
        take(winner, answer);
        watches.forEach(winner::create);
    }

    /** Any version answers when it is made, unlike a progress request; it is cancelled when it stands. */
    private Watch unwanted() {
        return new Watch(this, key(pingKey), 0, NOBODY);
    }

    private void drop(String why) {
        if (stream != null) {
            stream.end(why);
            cut(stream);
        }
    }

    private void broken(WatchStream gone) {
        stream = null;
        gone.standing().forEach(watch -> watch.listener().onBroken());
    }

    /** Also for those that have not stood yet: what they read as they began is as old by now. */
    private void cut(WatchStream gone) {
        List<Watch> toStand = new ArrayList<>(watches);
        toStand.removeAll(gone.standing());
        broken(gone);
        toStand.forEach(watch -> watch.listener().onBroken());
    }

    private void reopenLater() {
        timing.schedule(calls.pause(failures), () -> serializer.execute(this::open));
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
                    look();
                    tick();
                }));
    }

    private void look() {
        WatchStream asked =
                stream != null ? stream : rivals.stream().findFirst().orElse(null);
        if (asked == null) {
            return;
        }
        long silent = asked.silentNanos();
        if (silent > deadNanos) {
            log.warn("The watch stream has been silent for {} ms; opening another one", silent / 1_000_000);
            drop("silent");
            calls.reconnect();
            race();
        } else if (silent > pingNanos) {
            asked.ask(unwanted());
        }
    }

    void onMessage(WatchStream from, WatchResponse response) {
        serializer.execute(() -> {
            if (rivals.contains(from)) {
                onFirstAnswer(from, response);
            } else if (from == stream) {
                take(from, response);
            }
        });
    }

    private void take(WatchStream from, WatchResponse response) {
        from.heard();
        failures = 0;
        if (response.getCreated()) {
            onCreated(from, response);
            return;
        }
        Watch watch = from.standing(response.getWatchId());
        if (watch == null) {
            return;
        }
        if (response.getCanceled()) {
            from.ended(response.getWatchId());
            watches.remove(watch);
            log.debug("Watch ended by the server: {}", response.getCancelReason());
            watch.listener().onGap();
        } else if (response.getEventsCount() > 0) {
            watch.onEvents(response.getEventsList());
        } else {
            watch.onProgress(response.getHeader());
        }
    }

    /** A refused one carries no usable id on some versions. */
    private void onCreated(WatchStream from, WatchResponse response) {
        Watch watch = from.answered();
        if (watch == null) {
            return;
        }
        if (watches.contains(watch)) {
            if (response.getCanceled()) {
                onRefused(from, watch, response.getCancelReason());
            } else {
                from.stands(watch, response.getWatchId());
            }
        } else if (!response.getCanceled()) {
            from.cancel(response.getWatchId());
        }
    }

    /**
     * A stream carries the token that it was opened with, and servers before 3.5 do not tell an outdated one from a
     * missing permission. A read, which renews the token if need be, tells.
     */
    private void onRefused(WatchStream from, Watch watch, String reason) {
        boolean mayBeToken = TokenInterceptor.isOutdated(reason) || reason.contains("permission denied");
        if (!mayBeToken || watch.refused() > MOST_REFUSALS) {
            refuse(watch, reason);
            return;
        }
        Completion.of(
                calls.range(watch.probe(), () -> !closed),
                (answer, failure) -> serializer.execute(() -> {
                    if (failure != null) {
                        refuse(watch, reason);
                    } else if (watches.contains(watch) && from == stream) {
                        log.debug("The watch stream's token is outdated; opening another stream");
                        from.end("its token is outdated");
                        broken(from);
                        open();
                    }
                }));
    }

    private void refuse(Watch watch, String reason) {
        if (watches.remove(watch)) {
            watch.listener().onRefused(reason);
        }
    }

    void onClose(WatchStream from, Status status) {
        serializer.execute(() -> {
            if (from != stream && !rivals.remove(from)) {
                return;
            }
            if (!rivals.isEmpty()) {
                return; // another one may answer
            }
            if (from == stream) {
                cut(from);
            }
            if (!closed && !watches.isEmpty()) {
                log.debug("The watch stream ended ({}); resuming {} watches", status, watches.size());
                calls.reconnect();
                reopenLater();
            }
        });
    }
}
