/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchCreateRequest.FilterType;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one stream (etcd's {@code api/v3rpc/watch.go}). Its state is confined to the server's lock; its public
 * face takes that.
 */
final class WatchStream {
    private static final long NO_ID = -1;
    private static final int ID_FIELD = 7;
    private static final int FRAGMENT_FIELD = 8;
    private static final String EMPTY_RANGE = "mvcc: watcher range is empty";
    private static final String DUPLICATE_ID = "mvcc: duplicate watch ID provided on the WatchStream";
    private static final ByteString LEAST_KEY = ByteString.copyFrom(new byte[1]);

    /** A watch and what its client asked for; {@code progress} is whether a notification is due at the next turn. */
    private static final class Entry {
        private final Watcher watcher;
        private final boolean wantsProgress;
        private boolean progress;

        Entry(Watcher watcher, boolean wantsProgress) {
            this.watcher = watcher;
            this.wantsProgress = wantsProgress;
            this.progress = wantsProgress;
        }
    }

    private final Member member;
    private final ServerCore core;
    private final Outbox<WatchResponse> outbox;
    private final Map<Long, Entry> watches = new HashMap<>();
    private final Runnable ticker = this::tick;
    private long nextId;
    private long nextProgress;
    private boolean closed;

    WatchStream(Member member, StreamObserver<WatchResponse> client) {
        this.member = member;
        this.core = member.core();
        this.outbox = new Outbox<>(client, this::close);
        core.run(() -> {
            nextProgress =
                    core.clock().nanos() + core.settings().progressInterval().toNanos();
            core.ticks().add(ticker);
        });
    }

    void handle(WatchRequest request) {
        core.run(() -> {
            if (closed) {
                return;
            }
            switch (request.getRequestUnionCase()) {
                case CREATE_REQUEST -> create(request.getCreateRequest());
                case CANCEL_REQUEST -> cancel(request.getCancelRequest().getWatchId());
                case PROGRESS_REQUEST -> {
                    if (inStep(watches.values())) {
                        send(response(NO_ID, core.store().revision()));
                    }
                }
                case REQUESTUNION_NOT_SET -> {}
            }
        });
    }

    private void create(WatchCreateRequest request) {
        String refusal = refusal(request);
        ByteString key = keyOf(request);
        KeyRange range = KeyRange.of(key, request.getRangeEnd());
        ByteString end = range.end();
        if (refusal == null && end != null && !end.isEmpty() && KeyRange.ORDER.compare(key, end) >= 0) {
            refusal = EMPTY_RANGE;
        }
        long id = Compares.lastVarint(request.getUnknownFields(), ID_FIELD);
        if (refusal == null && id != 0 && watches.containsKey(id)) {
            refusal = DUPLICATE_ID;
        }
        if (refusal != null) {
            send(response(NO_ID, core.store().revision())
                    .setCreated(true)
                    .setCanceled(true)
                    .setCancelReason(refusal));
            return;
        }
        begin(id == 0 ? chooseId() : id, range, request);
    }

    /** Why it is not to be, before its range is looked at; null if it may be. */
    private @Nullable String refusal(WatchCreateRequest request) {
        if (request.getStartRevision() < 0) {
            return EtcdError.COMPACTED.text();
        }
        try {
            // As in etcd, a watch from a key on needs the permission for that key only.
            KeyRange range = KeyRange.of(keyOf(request), request.getRangeEnd());
            ByteString end = range.end() == null ? ByteString.EMPTY : range.end();
            core.auth().checkRange(member.caller(), range.begin(), end);
            return null;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode() == Status.Code.UNAUTHENTICATED
                    ? EtcdError.INVALID_AUTH_TOKEN.goText()
                    : e.getStatus().getCode() == Status.Code.INVALID_ARGUMENT
                            ? EtcdError.USER_EMPTY.goText()
                            : EtcdError.PERMISSION_DENIED.goText();
        }
    }

    private static ByteString keyOf(WatchCreateRequest request) {
        return request.getKey().isEmpty() ? LEAST_KEY : request.getKey();
    }

    private long chooseId() {
        while (watches.containsKey(nextId)) {
            nextId++;
        }
        return nextId++;
    }

    private void begin(long id, KeyRange range, WatchCreateRequest request) {
        boolean previous = request.getPrevKv();
        boolean fragment = Compares.lastVarint(request.getUnknownFields(), FRAGMENT_FIELD) != 0;
        Watcher watcher = new Watcher(
                range,
                request.getStartRevision(),
                !request.getFiltersList().contains(FilterType.NOPUT),
                !request.getFiltersList().contains(FilterType.NODELETE),
                (revision, events) -> deliver(id, revision, events, previous, fragment));
        watches.put(id, new Entry(watcher, request.getProgressNotify()));
        send(response(id, core.store().revision()).setCreated(true));
        if (!core.watches().add(watcher)) {
            send(response(id, 0)
                    .setCanceled(true)
                    .setCompactRevision(core.store().compacted()));
        }
    }

    private void deliver(long id, long revision, List<Event> events, boolean previous, boolean fragment) {
        Entry entry = watches.get(id);
        if (entry == null) {
            return;
        }
        entry.progress = false;
        WatchResponse.Builder response = response(id, revision);
        for (Event event : events) {
            response.addEvents(previous ? withPrevious(event) : event);
        }
        if (fragment) {
            Fragments.split(response.build(), core.settings().maxRequestBytes())
                    .forEach(part -> send(part.toBuilder()));
        } else {
            send(response);
        }
    }

    private Event withPrevious(Event event) {
        KeyValue kv = event.getKv();
        boolean created = event.getType() == Event.EventType.PUT && kv.getCreateRevision() == kv.getModRevision();
        long before = kv.getModRevision() - 1;
        if (created || before < core.store().compacted()) {
            return event;
        }
        KeyValue previous = core.store().get(kv.getKey(), before);
        return previous == null ? event : event.toBuilder().setPrevKv(previous).build();
    }

    private void cancel(long id) {
        Entry entry = watches.remove(id);
        if (entry != null) {
            core.watches().remove(entry.watcher);
            send(response(id, core.store().revision()).setCanceled(true));
        }
    }

    /** Whether these watches have been told of everything, so that progress can be claimed for them. */
    private boolean inStep(Iterable<Entry> entries) {
        boolean any = false;
        for (Entry entry : entries) {
            any = true;
            if (entry.watcher.isCompacted() || core.store().revision() < entry.watcher.start()) {
                return false;
            }
        }
        return any;
    }

    private void tick() {
        long now = core.clock().nanos();
        if (now - nextProgress < 0) {
            return;
        }
        nextProgress = now + core.settings().progressInterval().toNanos();
        watches.forEach((id, entry) -> {
            if (entry.wantsProgress) {
                if (entry.progress && inStep(List.of(entry))) {
                    send(response(id, core.store().revision()));
                }
                entry.progress = true;
            }
        });
    }

    void close() {
        core.run(() -> {
            closed = true;
            core.ticks().remove(ticker);
            watches.values().forEach(entry -> core.watches().remove(entry.watcher));
            watches.clear();
        });
    }

    private WatchResponse.Builder response(long id, long revision) {
        return WatchResponse.newBuilder().setHeader(member.header(revision)).setWatchId(id);
    }

    private void send(WatchResponse.Builder response) {
        outbox.add(response.build());
        core.afterwards(outbox::flush);
    }
}
