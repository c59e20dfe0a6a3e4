/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one claim: its own key, which an operator may delete or an old leader revoke, and the claim before it,
 * whose owner may die or be no program of ours, or all claims of the queue where any of them may be what it waits for. They are opened only after a while, for shorter waits and holds are
 * covered by the mailbox.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class ClaimWatches {
    /** What a claim is told, on the session's serializer. */
    interface Owner {
        /** The claim's own key was put by somebody, or deleted (null). */
        void onOwnEvent(@Nullable KeyValue put);

        /** Which claim is before this one has to be read: it was never known, or has gone. */
        void onBeforeUnknown();

        /** Events may have been missed. */
        void onGap();
    }

    private static final Duration SHORTEST_DELAY = Duration.ofMillis(50);
    private static final Duration LONGEST_DELAY = Duration.ofMillis(150);
    private static final Duration DELAY_PER_CLAIM = Duration.ofMillis(2);

    /** The message of one that told us itself is on its way when its claim goes: reading at once would be for nothing. */
    private static final Duration MESSAGE_TIME = Duration.ofMillis(5);

    private final EtcdSession session;
    private final QueueKeys keys;
    private final Owner owner;

    private int round; // raised by every start and stop, so that late events of earlier watches are dropped
    private Timing.Timer timer = Timing.Timer.NONE;
    private boolean open;
    private long ownFrom;
    private List<WatchHub.Subject> before = List.of();
    private long beforeFrom;
    private @Nullable Watch ownWatch;
    private List<Watch> beforeWatches = List.of();

    ClaimWatches(EtcdSession session, QueueKeys keys, Owner owner) {
        this.session = session;
        this.keys = keys;
        this.owner = owner;
    }

    /** A claim was made behind some others; its own key is to be watched from a revision on. */
    void start(long from, long ahead) {
        stop();
        ownFrom = from;
        later(delay(ahead), () -> {
            open = true;
            openMissing();
            if (before.isEmpty()) {
                owner.onBeforeUnknown();
            }
        });
    }

    /** Where many are ahead the wait is longer also when all goes well. */
    private static Duration delay(long ahead) {
        Duration expected = DELAY_PER_CLAIM.multipliedBy(Math.min(ahead, 1000));
        return expected.compareTo(SHORTEST_DELAY) < 0
                ? SHORTEST_DELAY
                : expected.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : expected;
    }

    private void later(Duration delay, Runnable step) {
        int started = round;
        timer.cancel();
        timer = session.after(delay, () -> {
            if (started == round) {
                timer = Timing.Timer.NONE; // else it would be kept for as long as the claim
                step.run();
            }
        });
    }

    /** The claim waits until one of these is gone. */
    void before(List<ByteString> blockers, long from) {
        waitFor(blockers.stream().map(WatchHub::key).toList(), from);
    }

    /** The claim is the first that waits: the end of any other one, or of the queue's limit, may let it in. */
    void any(long from) {
        waitFor(List.of(WatchHub.deletions(keys.prefix())), from);
    }

    private void waitFor(List<WatchHub.Subject> what, long from) {
        closeBefore();
        before = what;
        beforeFrom = from;
        if (open) {
            openMissing();
        }
    }

    /** It has become the first that waits: what it waits for now is to be read, but not before that is worth while. */
    void first() {
        closeBefore();
        later(SHORTEST_DELAY, () -> {
            open = true;
            openMissing();
            owner.onBeforeUnknown();
        });
    }

    /** Nothing is before the claim any more. */
    void granted() {
        closeBefore();
    }

    void stop() {
        round++;
        timer.cancel();
        open = false;
        closeBefore();
        if (ownWatch != null) {
            ownWatch.cancel();
            ownWatch = null;
        }
    }

    private void closeBefore() {
        before = List.of();
        beforeWatches.forEach(Watch::cancel);
        beforeWatches = List.of();
    }

    private void openMissing() {
        if (ownWatch == null) {
            ownWatch = session.watch(keys.own(), ownFrom, new Listener(null));
        }
        if (beforeWatches.isEmpty()) {
            beforeWatches = before.stream()
                    .map(what -> session.watch(what, beforeFrom, new Listener(before)))
                    .toList();
        }
    }

    /** Hands events over to the session's serializer. */
    private final class Listener implements WatchHub.Listener {
        private final int started = round;
        private final @Nullable List<WatchHub.Subject> watched; // null for the own key

        Listener(@Nullable List<WatchHub.Subject> watched) {
            this.watched = watched;
        }

        private boolean isCurrent() {
            return started == round && (watched == null || watched == before);
        }

        private void onEvent(Event event) {
            boolean put = event.getType() == Event.EventType.PUT;
            if (watched == null) {
                ownFrom = event.getKv().getModRevision() + 1;
                owner.onOwnEvent(put ? event.getKv() : null);
            } else if (!put) {
                closeBefore();
                later(MESSAGE_TIME, owner::onBeforeUnknown);
            }
        }

        @Override
        public void onEvents(List<Event> events) {
            session.execute(() -> {
                for (Event event : events) {
                    if (isCurrent()) {
                        onEvent(event);
                    }
                }
            });
        }

        /** Refused for good, as by a permission that was taken away: looking now and then must do. */
        @Override
        public void onRefused(String reason) {
            session.after(Calls.FIRST_ATTEMPT, this::onGap);
        }

        @Override
        public void onGap() {
            session.execute(() -> {
                if (isCurrent()) {
                    reopenAfterCheck();
                }
            });
        }
    }

    /** The check that follows reads at a later revision than any compaction, and says where to go on. */
    private void reopenAfterCheck() {
        Watch own = ownWatch;
        ownWatch = null;
        if (own != null) {
            own.cancel();
        }
        closeBefore();
        owner.onGap();
    }

    /** After a gap: the own key was read, and unchanged, at this revision. */
    void verified(long revision) {
        ownFrom = Math.max(ownFrom, revision + 1);
        if (open) {
            openMissing();
        }
    }
}
