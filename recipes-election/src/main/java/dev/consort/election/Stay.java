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
    private final Set<Pending> pending = new LinkedHashSet<>();
    private Own known = new Own(0, null);
    private boolean confirmed; // that is what etcd answered, and not what the view told
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

    void start() {
        at.execute(() -> {
            started = true;
            at.join(this);
        });
    }

    /** Who has the id, or had it until a moment ago. */
    @Nullable
    Member lastHolder() {
        return lastHolder;
    }

    /** Who waits for it to be there, with a value. */
    private final class Pending extends Wait<Own, Boolean> {
        private final long number;
        private final boolean begins;
        private boolean begun;

        Pending(long number, boolean begins) {
            this.number = number;
            this.begins = begins;
        }

        @Override
        protected void look(Own state) {
            if (begun) {
                return;
            }
            begun = true;
            if (begins) {
                pending.add(this);
                start();
            } else if (isGone()) {
                pass(false);
            } else {
                pending.add(this);
                settle();
            }
        }

        private void settleWith(long now) {
            if (number <= now) {
                pending.remove(this);
                pass(true);
            }
        }

        private void blocked() {
            if (begins) {
                mustWait();
            } else {
                pending.remove(this);
                pass(false);
            }
        }

        private void stop(RuntimeException why) {
            pending.remove(this);
            fail(why);
        }
    }

    private boolean isGone() {
        return leaving || isOver() || holder != null;
    }

    /** Joins for the first time: false if the id was not to be had in time. */
    boolean awaitJoined(Duration timeout) throws InterruptedException {
        return waiting.await(new Pending(1, true), timeout).isPresent();
    }

    /** Whether others can read a value, or a later one; bounded by the request timeout. */
    boolean awaitWritten(long number) {
        try {
            return waiting.answer(new Pending(number, false));
        } catch (SessionLostException e) {
            return false;
        }
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
            missing("its key was deleted");
            put();
        } else if (entry.leaseId() == session.leaseId()) {
            holder = null;
            mine(entry);
        } else if (seat.owns(entry.leaseId())) {
            replace(entry);
        } else if (confirmed || holder != null) {
            others(entry);
        } else {
            put(); // the view may be a moment old
        }
    }

    private void missing(String why) {
        if (joined) {
            joined = false;
            seat.missing(new RecipeException(EtcdMembership.RECIPE, seat.key(), why, null));
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
        List.copyOf(pending).forEach(each -> each.settleWith(written));
    }

    private void others(Entry entry) {
        joined = false;
        Member other = seat.keys()
                .member(entry)
                .orElseGet(() -> new Member(seat.id(), "", entry.createRevision(), entry.leaseId()));
        if (!other.equals(holder)) {
            holder = other;
            lastHolder = other;
            if (seat.state() != Seat.State.JOINING) {
                seat.missing(seat.inUse(other));
            }
        }
        List.copyOf(pending).forEach(Pending::blocked);
    }

    private Step step() {
        return Step.on(at.connection());
    }

    private void put() {
        Wanted wanted = seat.wanted();
        send(step().ifCreated(seat.key(), 0).ifUnfenced(session), wanted, 0);
    }

    /** What is its own, with this session's lease or with a former one's. */
    private void replace(Entry entry) {
        Wanted wanted = seat.wanted();
        send(step().ifModified(seat.key(), entry.modRevision()), wanted, entry.createRevision());
    }

    private void send(Step condition, Wanted wanted, long created) {
        take(
                condition.put(seat.key(), wanted.value(), session.leaseId()).otherwiseRead(seat.key()),
                revision -> new Entry(
                        key,
                        MemberKeys.value(wanted.value()),
                        created == 0 ? revision : created,
                        revision,
                        1,
                        session.leaseId()),
                why -> refused(wanted.number(), why));
    }

    /** Its key if it has one, and whatever may land late. */
    private void withdraw(@Nullable Entry entry) {
        Entry own = entry != null && seat.owns(entry.leaseId()) ? entry : null;
        if (onlyDeletes && own == null) {
            leftNow();
            return;
        }
        Step step = onlyDeletes ? step() : step().fence(session);
        if (own != null) {
            step.ifModified(seat.key(), own.modRevision()).delete(seat.key()).otherwiseRead(seat.key());
        }
        sending = true;
        at.take(
                step,
                answer -> {
                    sending = false;
                    if (answer.applied()) {
                        leftNow();
                    } else {
                        know(answer, null);
                    }
                },
                why -> {
                    sending = false;
                    if (onlyDeletes) {
                        fail(why);
                    } else {
                        onlyDeletes = true; // works when putting is refused
                        settle();
                    }
                });
    }

    private void leftNow() {
        if (!isOver()) {
            pass(true);
            List.copyOf(pending).forEach(Pending::blocked);
            seat.left();
        }
    }

    private interface Written {
        Entry at(long revision);
    }

    private void take(Step step, Written written, Consumer<RecipeException> otherwise) {
        sending = true;
        at.take(
                step,
                answer -> {
                    sending = false;
                    know(answer, written);
                },
                why -> {
                    sending = false;
                    otherwise.accept(why);
                });
    }

    private void know(Step.Answer answer, @Nullable Written written) {
        if (answer.revision() >= known.revision()) {
            known = new Own(
                    answer.revision(),
                    answer.applied() && written != null
                            ? written.at(answer.revision())
                            : answer.read().orElse(null));
            confirmed = true;
        }
        settle();
    }

    private void refused(long number, RecipeException why) {
        if (isOver()) {
            return;
        }
        if (joined) {
            refused = number;
            List.copyOf(pending).forEach(each -> each.stop(why));
        } else if (seat.state() == Seat.State.JOINING) {
            List.copyOf(pending).forEach(each -> each.stop(why));
            leave();
        } else {
            fail(why);
        }
    }

    @Override
    protected void failed(RuntimeException why) {
        List.copyOf(pending).forEach(each -> each.stop(why));
        seat.failed(why);
    }
}
