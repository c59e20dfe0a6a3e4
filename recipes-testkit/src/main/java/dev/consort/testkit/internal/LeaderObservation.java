/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaderResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells a client who leads: the oldest key, its new values, and when it goes, the next. Confined to the server's lock
 * but for {@link #close}.
 */
final class LeaderObservation {
    private final Member member;
    private final ServerCore core;
    private final ByteString prefix;
    private final Outbox<LeaderResponse> outbox;
    private Caller caller = Caller.NOBODY;
    private @Nullable Watcher watcher;
    private boolean closed;

    LeaderObservation(Member member, ByteString prefix, StreamObserver<LeaderResponse> client) {
        this.member = member;
        this.core = member.core();
        this.prefix = prefix;
        this.outbox = new Outbox<>(client, this::close);
    }

    void begin(Caller observer) {
        caller = observer;
        look();
    }

    private void look() {
        if (closed) {
            return;
        }
        KeyValue leader;
        try {
            leader = ElectionService.first(member.kv(), caller, prefix);
        } catch (StatusRuntimeException e) {
            // As in etcd, an observation that fails just ends.
            outbox.end();
            core.afterwards(outbox::flush);
            return;
        }
        if (leader == null) {
            watch(new Watcher(KeyRange.prefix(prefix), 0, true, false, (revision, events) -> firstPut(events)));
        } else {
            follow(leader, core.store().revision());
        }
    }

    private void firstPut(List<Event> events) {
        KeyValue kv = events.get(0).getKv();
        long revision = kv.getModRevision();
        rewatch(() -> follow(kv, revision));
    }

    private void follow(KeyValue leader, long revision) {
        tell(leader, revision);
        Watcher following = new Watcher(
                KeyRange.key(leader.getKey()), revision + 1, true, true, (at, events) -> changed(at, events));
        watch(following);
    }

    private void changed(long revision, List<Event> events) {
        for (Event event : events) {
            if (event.getType() == Event.EventType.DELETE) {
                rewatch(this::look);
                return;
            }
            tell(event.getKv(), revision);
        }
    }

    private void tell(KeyValue leader, long revision) {
        outbox.add(LeaderResponse.newBuilder()
                .setHeader(member.header(revision))
                .setKv(leader)
                .build());
        core.afterwards(outbox::flush);
    }

    private void watch(Watcher next) {
        watcher = next;
        var unused = core.watches().add(next);
    }

    /** A revision is being made: go on when it is done. */
    private void rewatch(Runnable next) {
        Watcher finished = watcher;
        watcher = null;
        core.afterwards(() -> core.run(() -> {
            if (finished != null) {
                core.watches().remove(finished);
            }
            if (!closed) {
                next.run();
            }
        }));
    }

    void close() {
        core.run(() -> {
            closed = true;
            if (watcher != null) {
                core.watches().remove(watcher);
                watcher = null;
            }
        });
    }
}
