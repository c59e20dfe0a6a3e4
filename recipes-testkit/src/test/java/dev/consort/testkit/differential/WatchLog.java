/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** One stream of watches and what it said. */
final class WatchLog implements AutoCloseable {
    private final long base;
    private final List<WatchResponse> said = new CopyOnWriteArrayList<>();
    private final List<Throwable> broken = new CopyOnWriteArrayList<>();
    private final StreamObserver<WatchRequest> stream;

    WatchLog(ManagedChannel channel, long base) {
        this.base = base;
        this.stream = WatchGrpc.newStub(channel).watch(new StreamObserver<>() {
            @Override
            public void onNext(WatchResponse response) {
                said.add(Relative.fromServer(response, base));
            }

            @Override
            public void onError(Throwable error) {
                broken.add(error);
            }

            @Override
            public void onCompleted() {}
        });
    }

    void send(WatchRequest request) {
        stream.onNext(Relative.toServer(request, base));
    }

    /**
     * What each watch was told, in order: control messages, and events one by one, since how past ones are batched, and
     * so the revision in their header, is a matter of timing.
     */
    Map<Long, List<String>> byWatch() {
        Map<Long, List<String>> told = new TreeMap<>();
        for (WatchResponse response : said) {
            List<String> mine = told.computeIfAbsent(response.getWatchId(), id -> new ArrayList<>());
            if (response.getEventsCount() == 0) {
                mine.add(response.toString());
            }
            long last = 0;
            for (Event event : response.getEventsList()) {
                mine.add(event.toString());
                last = event.getKv().getModRevision();
            }
            if (response.getEventsCount() > 0 && response.getHeader().getRevision() < last) {
                mine.add("header older than its events: " + response);
            }
        }
        broken.forEach(error -> told.put(Long.MIN_VALUE, List.of(error.toString())));
        return told;
    }

    @Override
    public void close() {
        stream.onError(new IllegalStateException("the sequence is over"));
    }
}
