/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.TxnRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a connection does when its cluster may be another one, or the same one restored from a backup: asks by a read
 * whenever its watch stream was broken, as a restore breaks it; lets a write confirm a revision that has gone back, since
 * servers before 3.5.28 and 3.4.42 may answer a read with an old state; and then ends all sessions, whose claims are of a
 * past that never was, and makes all watches read again.
 *
 * <p>Thread-safe: state is confined to {@link #serializer}.
 */
final class HistoryCheck implements ClusterHistory.Listener {
    private static final Logger log = LoggerFactory.getLogger(HistoryCheck.class);
    private static final ByteString PROBE = ByteString.copyFromUtf8("history");

    private final Calls calls;
    private final WatchHub watches;
    private final Set<EtcdSession> sessions;
    private final ByteString defaultPrefix;
    private final Serializer serializer = new Serializer();
    private boolean asking;
    private boolean askAgain;
    private boolean confirming;
    private final List<Runnable> unsettled = new ArrayList<>();
    private volatile boolean closed;

    /** Takes the sessions of the connection, as they come and go. */
    HistoryCheck(Calls calls, WatchHub watches, Set<EtcdSession> sessions, ByteString defaultPrefix) {
        this.calls = calls;
        this.watches = watches;
        this.sessions = sessions;
        this.defaultPrefix = defaultPrefix;
    }

    void start() {
        calls.history().tell(this);
    }

    void close() {
        closed = true;
    }

    /** Runs a step that is to know whether the history has changed: at once, or when that is confirmed or not. */
    void settled(Runnable step) {
        serializer.execute(() -> {
            if (confirming) {
                unsettled.add(step);
            } else {
                step.run();
            }
        });
    }

    /** One read at a time; one more if there was cause meanwhile, for it may have been answered before. */
    @Override
    public void onCause() {
        serializer.execute(() -> {
            if (asking) {
                askAgain = true;
            } else if (!closed) {
                ask();
            }
        });
    }

    private void ask() {
        asking = true;
        askAgain = false;
        RangeRequest request = ClaimTxns.key(defaultPrefix).setCountOnly(true).build();
        // Its header is looked at where all are; that it is denied, say, does not matter here.
        Completion.of(
                calls.range(request, () -> !closed),
                (range, failure) -> serializer.execute(() -> {
                    asking = false;
                    if (askAgain && !closed) {
                        ask();
                    }
                }));
    }

    @Override
    public void onFall(ClusterHistory.Epoch epoch, long seen, long answered) {
        serializer.execute(() -> {
            if (!confirming && !closed && epoch == calls.history().present()) {
                confirm(epoch, seen, answered);
            }
        });
    }

    /** A deletion of what does not exist: it goes through etcd's log, works without space or lease, and changes nothing. */
    private void confirm(ClusterHistory.Epoch epoch, long seen, long answered) {
        confirming = true;
        ByteString prefix =
                sessions.stream().findAny().map(EtcdSession::sessionPrefix).orElse(defaultPrefix);
        TxnRequest write = TxnRequest.newBuilder()
                .addSuccess(ClaimTxns.delete(prefix.concat(PROBE)))
                .build();
        Completion.of(
                calls.untilAnswered(write, () -> !closed),
                (response, failure) -> serializer.execute(() -> {
                    confirming = false;
                    if (failure == null && response.getHeader().getRevision() >= seen) {
                        log.warn(
                                "etcd answered a read at revision {} after {} had been seen: a member reads stale state,"
                                        + " as servers before 3.5.28 and 3.4.42 may",
                                answered,
                                seen);
                    } else {
                        // Also where the write is refused: to lose a session for nothing is safe.
                        changed(
                                epoch,
                                "its revision went back from " + seen + " to " + answered
                                        + ", as by a restore from a backup");
                    }
                    unsettled.forEach(Runnable::run);
                    unsettled.clear();
                }));
    }

    @Override
    public void onOtherCluster(ClusterHistory.Epoch epoch, long cluster) {
        serializer.execute(() -> changed(
                epoch,
                "another cluster answers, " + Long.toHexString(cluster) + " instead of "
                        + Long.toHexString(epoch.cluster())));
    }

    private void changed(ClusterHistory.Epoch epoch, String why) {
        if (closed || !calls.history().end(epoch)) {
            return;
        }
        log.warn("etcd's history has changed: {}; all sessions are lost, and all views read again", why);
        // A session that is being opened compares the epochs after it was added to these.
        List.copyOf(sessions).forEach(session -> session.execute(() -> session.lose(LossReason.CLUSTER_CHANGED)));
        watches.restart();
    }
}
