/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.CallCounts.WatchCounts;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts watches by what is said on watch streams. Threadsafe; the messages of one stream come one after another. */
final class WatchTally {
    private final LongAdder creates = new LongAdder();
    private final LongAdder cancels = new LongAdder();
    private final LongAdder events = new LongAdder();
    private final Map<Long, Set<Long>> openByStream = new ConcurrentHashMap<>();

    void sent(Object message) {
        if (message instanceof WatchRequest request) {
            if (request.hasCreateRequest()) {
                creates.increment();
            } else if (request.hasCancelRequest()) {
                cancels.increment();
            }
        }
    }

    void received(long stream, Object message) {
        if (message instanceof WatchResponse response) {
            events.add(response.getEventsCount());
            Set<Long> open = openByStream.computeIfAbsent(stream, number -> ConcurrentHashMap.newKeySet());
            if (response.getCanceled()) {
                open.remove(response.getWatchId());
            } else if (response.getCreated()) {
                open.add(response.getWatchId());
            }
        }
    }

    void streamEnded(long stream) {
        openByStream.remove(stream);
    }

    WatchCounts counts() {
        long open = openByStream.values().stream().mapToLong(Set::size).sum();
        return new WatchCounts(creates.sum(), cancels.sum(), events.sum(), open);
    }
}
