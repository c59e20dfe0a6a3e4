/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.RangeRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The priority of a claim that waits: those of ours that wait before it are asked to step back, and do if theirs is lower. Not
 * those before the last foreign one, which cannot be asked: it alone would gain by that.
 *
 * <p>That ends. A claim asks each one before it once, and whoever steps back is behind it then. Of the highest priority nobody
 * steps back, so these make no new claims; of the next one each does at most once for each of their claims, and so on.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Overtaking {
    private static final Logger log = LoggerFactory.getLogger(Overtaking.class);

    /** How often somebody may have gone meanwhile before the rest is left to the next look. */
    private static final int MAX_ROUNDS = 16;

    private final EtcdSession session;
    private final QueueKeys keys;
    private final Claim claim;
    private final Set<QueuedClaim> asked = new HashSet<>();
    private Asking asking;
    private long revision; // of the claim that looks, or has looked
    private int priority; // with which it did
    private boolean looking;
    private boolean incomplete; // somebody was in the way, or has gone
    private int rounds;
    private long spared; // up to this revision nobody is asked

    Overtaking(EtcdSession session, QueueKeys keys, Claim claim) {
        this.session = session;
        this.keys = keys;
        this.claim = claim;
        this.asking = asking();
    }

    private Asking asking() {
        long of = revision;
        return new Asking(session, keys, () -> revision == of && session.isOpen());
    }

    /** The claim made way for a chosen one: that one is not asked to make way in turn. */
    void spare(long chosen) {
        spared = Math.max(spared, chosen);
    }

    /** The claim waits, with this priority. Costs nothing if that is 0, or if nobody is to be asked that was not. */
    void look(int newPriority) {
        if (claim.revision() != revision) {
            revision = claim.revision();
            asking = asking();
            asked.clear();
            priority = 0;
            looking = false;
            incomplete = !claim.wasNext();
        }
        if (newPriority > priority) {
            priority = newPriority;
            asked.clear();
            incomplete = !claim.wasNext();
        }
        if (priority > 0 && incomplete && !looking) {
            looking = true;
            rounds = 0;
            read();
        }
    }

    private boolean goesOn(long of, @Nullable CallFailure failure) {
        if (of != revision) {
            return false; // another one looks
        }
        if (failure != null || claim.revision() != of || claim.state() != Claim.State.WAITING) {
            if (failure != null) {
                log.debug("'{}': nobody can be asked to step back ({})", keys.name(), failure.getMessage());
            }
            looking = false;
            incomplete = true;
            return false;
        }
        return true;
    }

    private void read() {
        long of = revision;
        incomplete = false;
        RangeRequest before = ClaimTxns.first(keys, 0).toBuilder()
                .setMaxCreateRevision(of - 1)
                .build();
        session.onAnswer(session.calls().range(before, () -> of == revision && session.isOpen()), (range, failure) -> {
            if (goesOn(of, failure)) {
                List<QueuedClaim> claims = keys.inOrder(range);
                askThoseOfOurs(claims.subList(Math.min(1, claims.size()), claims.size())); // without the holder
            }
        });
    }

    private void askThoseOfOurs(List<QueuedClaim> before) {
        long of = revision;
        if (toBeAsked(before).isEmpty()) {
            looking = false;
            return;
        }
        asking.foreign(before, (foreign, failure) -> {
            if (!goesOn(of, failure)) {
                return;
            }
            if (foreign.isEmpty()) {
                tell(toBeAsked(before));
            } else {
                incomplete = true; // it may go
                int last = before.indexOf(foreign.get(foreign.size() - 1));
                askThoseOfOurs(before.subList(last + 1, before.size()));
            }
        });
    }

    private List<QueuedClaim> toBeAsked(List<QueuedClaim> before) {
        return before.stream()
                .filter(other -> other.revision() > spared && !asked.contains(other))
                .toList();
    }

    private void tell(List<QueuedClaim> others) {
        long of = revision;
        int with = priority;
        QueuedClaim own = new QueuedClaim(keys.own().substring(keys.prefix().size()), of);
        asking.tell(others, own, new Message.Request(with, of), (all, failure) -> {
            if (!goesOn(of, failure)) {
                return;
            }
            if (all) {
                asked.addAll(others);
            }
            incomplete |= !all || with < priority;
            if ((all && with == priority) || ++rounds > MAX_ROUNDS) {
                looking = false;
            } else {
                read();
            }
        });
    }
}
