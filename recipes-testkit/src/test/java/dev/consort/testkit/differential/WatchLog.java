/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** One stream of watches, opened by a user with a token, and what it said. */
final class WatchLog implements AutoCloseable {
    private final String user;
    private final @Nullable String token;
    private final long base;
    private final List<WatchResponse> said = new CopyOnWriteArrayList<>();
    private final List<Throwable> broken = new CopyOnWriteArrayList<>();
    private final StreamObserver<WatchRequest> stream;

    WatchLog(Channel channel, String user, @Nullable String token, long base) {
        this.user = user;
        this.token = token;
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

    boolean isOf(String who, @Nullable String with) {
        return user.equals(who) && Objects.equals(token, with);
    }

    void send(WatchRequest request) {
        stream.onNext(Relative.toServer(request, base));
    }

    /** A number that grows with what it says. */
    long heard() {
        return (long) said.size() + broken.size();
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
        broken.forEach(error ->
                told.put(Long.MIN_VALUE, List.of(Status.fromThrowable(error).toString())));
        return told;
    }

    @Override
    public void close() {
        stream.onError(new IllegalStateException("the sequence is over"));
    }
}
