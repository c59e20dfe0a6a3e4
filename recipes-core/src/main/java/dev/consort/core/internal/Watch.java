/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.WatchCreateRequest;
import java.util.List;

/**
 * What is watched, and how far that has come, whichever stream it stands on. Confined to the serializer of its hub, but for
 * {@link #cancel()}, which its owner calls.
 */
final class Watch {
    private final WatchHub hub;
    private final WatchHub.Subject subject;
    private final WatchHub.Listener listener;
    private long id; // on the stream where it stands
    private long next;
    private boolean resumes;
    private int refusals; // since it last stood

    Watch(WatchHub hub, WatchHub.Subject subject, long from, WatchHub.Listener listener) {
        this.hub = hub;
        this.subject = subject;
        this.next = from;
        this.listener = listener;
    }

    void cancel() {
        hub.cancel(this);
    }

    WatchHub.Listener listener() {
        return listener;
    }

    long id() {
        return id;
    }

    /**
     * Asks for it on a stream. Opened at just the revision of a compaction, servers before 3.4.36 and 3.5.18 leave out that
     * revision's deletions without a word; so a watch starts one revision early when it is resumed, or follows a read of
     * many pages. The first start of others must be prompt: an early one is served within 100 ms.
     */
    WatchCreateRequest create() {
        WatchCreateRequest.Builder request = subject.request();
        boolean early = resumes || !request.getRangeEnd().isEmpty();
        resumes = true;
        return request.setStartRevision(early && next > 1 ? next - 1 : next).build();
    }

    void stands(long asId) {
        id = asId;
        refusals = 0;
        listener.onCreated();
    }

    void onEvents(List<Event> events) {
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

    /** Nothing is missed up to there, and a compaction up to there does no harm. */
    void onProgress(ResponseHeader header) {
        next = Math.max(next, header.getRevision() + 1);
    }

    /** How often it was refused since it last stood, this time included. */
    int refused() {
        return ++refusals;
    }

    /** A read that is permitted if the watch is. */
    RangeRequest probe() {
        WatchCreateRequest.Builder request = subject.request();
        return RangeRequest.newBuilder()
                .setKey(request.getKey())
                .setRangeEnd(request.getRangeEnd())
                .setKeysOnly(true)
                .setLimit(1)
                .build();
    }
}
