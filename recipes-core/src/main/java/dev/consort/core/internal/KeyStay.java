/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.KeptKey.Wanted;
import dev.consort.core.internal.PrefixView.Entry;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link KeptKey} for as long as one session lives: it looks at its key, and as long as that is not what it is to be takes one
 * step after the other.
 *
 * <p>What it puts where nothing was compares the session's fence, which it moves when it leaves: (!) else an attempt that
 * lands late would put it again. All else compares the mod revision that it saw.
 *
 * <p>Concurrency: confined to the session's serializer, but for {@link #lastHolder}.
 */
final class KeyStay extends Wait<KeyStay.Own, Boolean> {
    private final KeptKey kept;
    private final EtcdSession session;
    private final ByteString key;
    private final Rendezvous<Own> at;
    private final Waiting<Own> waiting;
    private final Set<KeyPresence> presences = new LinkedHashSet<>();
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
    private @Nullable Entry holder; // what is there, if it is somebody else's
    private volatile @Nullable Entry lastHolder;

    /**
     * The key at a revision.
     *
     * @param entry null if it is not there
     */
    record Own(long revision, @Nullable Entry entry) {}

    KeyStay(KeptKey kept, EtcdSession session) {
        this.kept = kept;
        this.session = session;
        this.key = ByteString.copyFromUtf8(kept.key());
        this.at = Rendezvous.atKey(
                session,
                kept.terms().recipe(),
                kept.terms().name(),
                kept.key(),
                (entries, revision) -> new Own(
                        revision, entries.isEmpty() ? null : entries.iterator().next()));
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
                kept.left();
            }
        });
    }

    /** Starts it, and waits until it has joined: false if the id was not to be had in time. */
    boolean awaitJoined(Duration timeout) throws InterruptedException {
        return waiting.await(new KeyPresence(this, 1, true), timeout).isPresent();
    }

    /** Whether others can read a value, or a later one; bounded by the request timeout. */
    boolean awaitWritten(long number) {
        try {
            return waiting.answer(new KeyPresence(this, number, false));
        } catch (SessionLostException e) {
            return false;
        }
    }

    /** Who has the id, or had it until a moment ago. */
    @Nullable
    Entry lastHolder() {
        return lastHolder;
    }

    // Who waits for it

    boolean isGone() {
        return leaving || isOver() || holder != null;
    }

    void await(KeyPresence wait, boolean first) {
        presences.add(wait);
        if (first) {
            start();
        } else {
            settle();
        }
    }

    private void stopAll(RuntimeException why) {
        List.copyOf(presences).forEach(wait -> wait.stop(why));
        presences.clear();
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
        } else if (entry.leaseId() != session.leaseId() && kept.owns(entry.leaseId())) {
            replace(entry);
        } else if (confirmed && kept.takesOver()) {
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
            kept.missing(new RecipeException(kept.terms().recipe(), kept.key(), "its key was deleted", null));
        }
    }

    private void mine(Entry entry) {
        Wanted wanted = kept.wanted();
        joined = true;
        kept.joined();
        if (entry.value().equals(ByteString.copyFromUtf8(wanted.value()))) {
            written = wanted.number();
        } else if (refused != wanted.number()) {
            replace(entry);
        }
        presences.removeIf(wait -> wait.isThere(written));
    }

    private void others(Entry entry) {
        joined = false;
        if (!entry.equals(holder)) {
            holder = entry;
            lastHolder = entry;
            if (kept.hasEntered()) {
                kept.missing(kept.terms().usedBy(entry));
            }
        }
        presences.removeIf(KeyPresence::isMissing);
    }

    // What it writes

    private Step step() {
        return Step.on(at.connection());
    }

    private void put() {
        write(step().ifCreated(kept.key(), 0).ifUnfenced(session), 0);
    }

    /** What is its own, with this session's lease or with a former one's. */
    private void replace(Entry entry) {
        write(step().ifModified(kept.key(), entry.modRevision()), entry.createRevision());
    }

    private void write(Step condition, long created) {
        Wanted wanted = kept.wanted();
        ByteString value = ByteString.copyFromUtf8(wanted.value());
        take(
                condition.put(kept.key(), wanted.value(), session.leaseId()).otherwiseRead(kept.key()),
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
        Entry own = entry != null && kept.owns(entry.leaseId()) ? entry : null;
        Step step = onlyDeletes ? step() : step().fence(session);
        if (own == null) {
            step.read(kept.key());
        } else {
            step.ifModified(kept.key(), own.modRevision()).delete(kept.key()).otherwiseRead(kept.key());
        }
        take(step, this::withdrew, this::withdrawalRefused);
    }

    private void withdrew(Step.Answer answer) {
        if (answer.read().filter(entry -> kept.owns(entry.leaseId())).isPresent()) {
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
        } else if (!kept.hasEntered()) {
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
            presences.removeIf(KeyPresence::isMissing);
            kept.left();
        }
    }

    @Override
    protected void failed(RuntimeException why) {
        stopAll(why);
        kept.failed(why);
    }
}
