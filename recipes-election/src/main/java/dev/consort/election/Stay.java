/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import dev.consort.election.EtcdSeat.Wanted;
import dev.consort.election.MemberKeys.Own;
import dev.consort.election.Membership.Member;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A member for as long as one session lives: it looks at its key, and as long as that is not what it is to be takes one
 * step after the other.
 *
 * <p>What it puts where nothing was compares the session's fence, which it moves when it leaves: (!) else an attempt that
 * lands late would put it again. All else compares the mod revision that it saw.
 *
 * <p>Concurrency: confined to the session's serializer, but for {@link #lastHolder}.
 */
final class Stay extends Wait<Own, Boolean> {
    private final EtcdSeat seat;
    private final EtcdSession session;
    private final ByteString key;
    private final Rendezvous<Own> at;
    private final Waiting<Own> waiting;
    private final Set<Presence> waits = new LinkedHashSet<>();
    private Own known = new Own(0, null);
    private boolean confirmed; // that is what etcd answered, and not what the view told
    private boolean answered; // by etcd, so that what is known is no older than this stay
    private boolean started;
    private boolean sending;
    private boolean joined; // it was there when it was looked at last
    private boolean leaving;
    private boolean onlyDeletes; // for etcd puts nothing
    private long written; // the number of the last value that is there, like the next one
    private long refused;
    private @Nullable Member holder; // of the id, if somebody else
    private volatile @Nullable Member lastHolder;

    Stay(EtcdSeat seat, EtcdSession session) {
        this.seat = seat;
        this.session = session;
        this.key = ByteString.copyFromUtf8(seat.key());
        this.at = new Rendezvous<>(
                session,
                EtcdMembership.RECIPE,
                seat.keys().group(),
                seat.key(),
                (entries, revision) -> MemberKeys.own(key, entries, revision));
        this.waiting = new Waiting<>(at);
    }

    // By any thread

    void start() {
        at.execute(() -> {
            started = true;
            at.join(this);
        });
    }

    void leave() {
        at.execute(() -> {
            leaving = true;
            if (started) {
                settle();
            } else {
                seat.left();
            }
        });
    }

    /** Starts it, and waits until it has joined: false if the id was not to be had in time. */
    boolean awaitJoined(Duration timeout) throws InterruptedException {
        return waiting.await(new Presence(this, 1, true), timeout).isPresent();
    }

    /** Whether others can read a value, or a later one; bounded by the request timeout. */
    boolean awaitWritten(long number) {
        try {
            return waiting.answer(new Presence(this, number, false));
        } catch (SessionLostException e) {
            return false;
        }
    }

    /** Who has the id, or had it until a moment ago. */
    @Nullable
    Member lastHolder() {
        return lastHolder;
    }

    // Who waits for it

    boolean isGone() {
        return leaving || isOver() || holder != null;
    }

    void await(Presence wait, boolean first) {
        waits.add(wait);
        if (first) {
            start();
        } else {
            settle();
        }
    }

    private void stopAll(RuntimeException why) {
        List.copyOf(waits).forEach(wait -> wait.stop(why));
        waits.clear();
    }

    // What it sees

    @Override
    protected void look(Own state) {
        if (state.revision() >= known.revision()) {
            known = state;
            confirmed = false;
            settle();
        }
    }

    /** One step at a time, until all is as it should be. */
    private void settle() {
        if (sending || isOver()) {
            return;
        }
        Entry entry = known.entry();
        if (leaving) {
            withdraw(entry);
        } else if (entry == null) {
            holder = null;
            missing();
            put();
        } else if (entry.leaseId() == session.leaseId() && answered) {
            holder = null;
            mine(entry);
        } else if (entry.leaseId() != session.leaseId() && seat.owns(entry.leaseId())) {
            replace(entry);
        } else if (confirmed || holder != null) {
            others(entry);
        } else {
            put(); // the view may have stood before, and be a moment old: (!) also if it shows a key of this session
        }
    }

    private void missing() {
        if (joined) {
            joined = false;
            seat.missing(new RecipeException(EtcdMembership.RECIPE, seat.key(), "its key was deleted", null));
        }
    }

    private void mine(Entry entry) {
        Wanted wanted = seat.wanted();
        joined = true;
        seat.joined();
        if (entry.value().equals(MemberKeys.value(wanted.value()))) {
            written = wanted.number();
        } else if (refused != wanted.number()) {
            replace(entry);
        }
        waits.removeIf(wait -> wait.isThere(written));
    }

    private void others(Entry entry) {
        joined = false;
        Member other = seat.keys()
                .member(entry)
                .orElseGet(() -> new Member(seat.id(), "", entry.createRevision(), entry.leaseId()));
        if (!other.equals(holder)) {
            holder = other;
            lastHolder = other;
            if (seat.hasJoined()) {
                seat.missing(seat.inUse(other));
            }
        }
        waits.removeIf(Presence::isMissing);
    }

    // What it writes

    private Step step() {
        return Step.on(at.connection());
    }

    private void put() {
        write(step().ifCreated(seat.key(), 0).ifUnfenced(session), 0);
    }

    /** What is its own, with this session's lease or with a former one's. */
    private void replace(Entry entry) {
        write(step().ifModified(seat.key(), entry.modRevision()), entry.createRevision());
    }

    private void write(Step condition, long created) {
        Wanted wanted = seat.wanted();
        ByteString value = MemberKeys.value(wanted.value());
        take(
                condition.put(seat.key(), wanted.value(), session.leaseId()).otherwiseRead(seat.key()),
                answer -> know(new Own(
                        answer.revision(),
                        new Entry(
                                key,
                                value,
                                created == 0 ? answer.revision() : created,
                                answer.revision(),
                                1,
                                session.leaseId()))),
                why -> putRefused(wanted.number(), why));
    }

    /**
     * Its key if it has one, and whatever may land late. What does so before the fence has moved, as when an id becomes free
     * that it was refused, is (!) read after that, and deleted.
     */
    private void withdraw(@Nullable Entry entry) {
        Entry own = entry != null && seat.owns(entry.leaseId()) ? entry : null;
        Step step = onlyDeletes ? step() : step().fence(session);
        if (own == null) {
            step.read(seat.key());
        } else {
            step.ifModified(seat.key(), own.modRevision()).delete(seat.key()).otherwiseRead(seat.key());
        }
        take(step, this::withdrew, this::withdrawalRefused);
    }

    private void withdrew(Step.Answer answer) {
        if (answer.read().filter(entry -> seat.owns(entry.leaseId())).isPresent()) {
            know(new Own(answer.revision(), answer.read().get()));
        } else {
            left();
        }
    }

    private void take(Step step, Consumer<Step.Answer> applied, Consumer<RecipeException> otherwise) {
        sending = true;
        at.take(
                step,
                answer -> {
                    sending = false;
                    if (answer.applied()) {
                        applied.accept(answer);
                    } else {
                        know(new Own(answer.revision(), answer.read().orElse(null)));
                    }
                },
                why -> {
                    sending = false;
                    otherwise.accept(why);
                });
    }

    private void know(Own answer) {
        answered = true;
        if (answer.revision() >= known.revision()) {
            known = answer;
            confirmed = true;
        }
        settle();
    }

    private void putRefused(long number, RecipeException why) {
        if (isOver()) {
            return;
        }
        if (joined) {
            refused = number;
            stopAll(why);
        } else if (!seat.hasJoined()) {
            stopAll(why);
            leave();
        } else {
            fail(why);
        }
    }

    /** Deleting works when putting is refused, and then nothing is put late either. */
    private void withdrawalRefused(RecipeException why) {
        if (onlyDeletes) {
            fail(why);
        } else {
            onlyDeletes = true;
            settle();
        }
    }

    // How it ends

    private void left() {
        if (!isOver()) {
            pass(true);
            waits.removeIf(Presence::isMissing);
            seat.left();
        }
    }

    @Override
    protected void failed(RuntimeException why) {
        stopAll(why);
        seat.failed(why);
    }
}
