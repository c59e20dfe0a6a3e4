/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.election.LeaderElection.Leader;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener who leads: the claim with the lowest create revision, after each revision of the queue.
 *
 * <p>Never goes back: claims that are made later have a higher create revision, so the lowest one only rises.
 *
 * <p>Concurrency: claims and what was told last are confined to the calls of the view, which come one at a time.
 */
final class LeaderObserver implements PrefixView.Listener {
    private static final Logger log = LoggerFactory.getLogger(LeaderObserver.class);

    private static final Comparator<Entry> FIRST_COME = Comparator.comparingLong(Entry::createRevision)
            .thenComparing(Entry::key, ByteString.unsignedLexicographicalComparator());

    private final String name;
    private final Consumer<? super Optional<Leader>> listener;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final NavigableSet<Entry> claims = new TreeSet<>(FIRST_COME);
    private @Nullable Entry told; // null if nobody led
    // Set by the view's calls:
    private volatile boolean toldOnce;
    private volatile boolean stale;
    private volatile boolean refused;
    private volatile Optional<Leader> leader = Optional.empty();
    private volatile boolean closed; // set by whoever closes

    private LeaderObserver(String name, Consumer<? super Optional<Leader>> listener) {
        this.name = name;
        this.listener = listener;
    }

    /** Observes an election until closed. */
    static Observation observe(
            EtcdConnection connection, String name, Executor executor, Consumer<? super Optional<Leader>> listener) {
        LeaderObserver observer = new LeaderObserver(name, listener);
        Subscription subscription =
                PrefixView.open(connection, EtcdLeaderElection.RECIPE, name + "/", executor, observer);
        return observer.new Place(subscription);
    }

    @Override
    public void onSnapshot(Snapshot snapshot) {
        claims.clear();
        claims.addAll(snapshot.entries());
        refused = false;
        try {
            tell();
        } finally {
            ready.complete(null);
        }
    }

    @Override
    public void onChanges(long revision, List<Change> changes) {
        for (Change change : changes) {
            if (change.before() != null) {
                claims.remove(change.before());
            }
            if (change.after() != null) {
                claims.add(change.after());
            }
        }
        tell();
    }

    private void tell() {
        Entry first = claims.isEmpty() ? null : claims.first();
        if (toldOnce && Objects.equals(told, first)) {
            return;
        }
        told = first;
        toldOnce = true;
        Optional<Leader> now = Optional.ofNullable(first).map(LeaderObserver::leader);
        leader = now;
        listener.accept(now);
    }

    private static Leader leader(Entry claim) {
        return new Leader(
                claim.value().toStringUtf8(),
                claim.createRevision(),
                claim.key().toStringUtf8(),
                claim.leaseId());
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
        log.warn("LeaderElection '{}': cannot be observed, and is tried again: {}", name, why.getMessage());
    }

    /** What the user holds. */
    private final class Place implements Observation {
        private final Subscription subscription;

        Place(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public Optional<Leader> leader() {
            return leader;
        }

        @Override
        public boolean isCurrent() {
            return toldOnce && !stale && !refused && !closed;
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
            return "Observation of LeaderElection '" + name + "'";
        }
    }
}
