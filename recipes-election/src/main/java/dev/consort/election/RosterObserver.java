/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.election.Membership.Change;
import dev.consort.election.Membership.Change.Kind;
import dev.consort.election.Membership.Member;
import dev.consort.election.Membership.Roster;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener who is in a group, after each revision that changes it.
 *
 * <p>Concurrency: members and warnings are confined to the calls of the view, which come one at a time.
 */
final class RosterObserver implements PrefixView.Listener {
    private static final Logger log = LoggerFactory.getLogger(RosterObserver.class);

    private final MemberKeys keys;
    private final Consumer<? super Roster> listener;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Map<ByteString, Member> members = new HashMap<>();
    private final Set<ByteString> foreign = new HashSet<>(); // of which the log has a warning
    // Set by the view's calls:
    private volatile @Nullable Roster told;
    private volatile boolean stale;
    private volatile boolean refused;
    private volatile boolean closed; // set by whoever closes

    private RosterObserver(MemberKeys keys, Consumer<? super Roster> listener) {
        this.keys = keys;
        this.listener = listener;
    }

    /** Observes a group until closed. */
    static MembershipObservation observe(
            EtcdConnection connection, MemberKeys keys, Executor executor, Consumer<? super Roster> listener) {
        RosterObserver observer = new RosterObserver(keys, listener);
        Subscription subscription =
                PrefixView.open(connection, EtcdMembership.RECIPE, keys.group() + "/", executor, observer);
        return observer.new Place(subscription);
    }

    /** What is different is found by comparing, whatever the view has missed. */
    @Override
    public void onSnapshot(Snapshot snapshot) {
        Map<ByteString, Entry> now = new HashMap<>();
        snapshot.entries().forEach(entry -> now.put(entry.key(), entry));
        List<Change> changes = new ArrayList<>();
        foreign.retainAll(now.keySet());
        for (ByteString key : Set.copyOf(members.keySet())) {
            if (!now.containsKey(key)) {
                apply(key, null, changes);
            }
        }
        now.forEach((key, entry) -> apply(key, entry, changes));
        changes.sort(Comparator.comparing((Change change) -> change.kind() != Kind.LEFT)
                .thenComparing(Change::member, MemberKeys.FIRST_COME));
        refused = false;
        try {
            tell(snapshot.revision(), changes);
        } finally {
            ready.complete(null);
        }
    }

    @Override
    public void onChanges(long revision, List<PrefixView.Change> news) {
        List<Change> changes = new ArrayList<>();
        news.forEach(change -> apply(change.key(), change.after(), changes));
        tell(revision, changes);
    }

    private void apply(ByteString key, @Nullable Entry entry, List<Change> changes) {
        Member after = entry == null ? null : keys.member(entry).orElse(null);
        Member before = after == null ? members.remove(key) : members.put(key, after);
        if (entry != null && after == null && foreign.add(key)) {
            log.warn(
                    "Membership '{}': the key '{}' is none of a member, and is ignored; delete it, or give the group a"
                            + " name that nobody else uses",
                    keys.group(),
                    key.toStringUtf8());
        } else if (entry == null) {
            foreign.remove(key);
        }
        if (before != null && (after == null || after.joined() != before.joined())) {
            changes.add(new Change(Kind.LEFT, before));
            before = null;
        }
        if (after != null && !Objects.equals(before, after)) {
            changes.add(new Change(before == null ? Kind.JOINED : Kind.CHANGED, after));
        }
    }

    private void tell(long revision, List<Change> changes) {
        if (told != null && changes.isEmpty()) {
            return;
        }
        Roster now = new Roster(
                revision,
                members.values().stream().sorted(MemberKeys.FIRST_COME).toList(),
                List.copyOf(changes));
        told = now;
        listener.accept(now);
    }

    @Override
    public void onStale() {
        stale = true;
    }

    @Override
    public void onCurrent() {
        stale = false;
    }

    @Override
    public void onFailed(RecipeException why) {
        refused = true;
        ready.completeExceptionally(why);
        log.warn("Membership '{}': cannot be observed, and is tried again: {}", keys.group(), why.getMessage());
    }

    @Override
    public void onEnd() {
        closed = true;
        ready.completeExceptionally(
                new RecipeException(EtcdMembership.RECIPE, keys.group(), "its connection is closed", null));
    }

    /** What the user holds. */
    private final class Place implements MembershipObservation {
        private final Subscription subscription;

        Place(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public Optional<Roster> roster() {
            return Optional.ofNullable(told);
        }

        @Override
        public boolean isCurrent() {
            return told != null && !stale && !refused && !closed;
        }

        @Override
        public CompletionStage<Void> ready() {
            return ready.minimalCompletionStage();
        }

        @Override
        public void close() {
            closed = true;
            subscription.close();
        }

        @Override
        public String toString() {
            return "Observation of Membership '" + keys.group() + "'";
        }
    }
}
