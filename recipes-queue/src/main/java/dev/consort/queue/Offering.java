/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Leases;
import dev.consort.core.internal.SnapshotReads;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Puts items into a queue, each offer in one transaction, which is applied once at most.
 *
 * <p>(!) Every item of a segment was created after every item of those before it: an offer compares the tail, so it puts its items
 * while its segment is the last one. What holds for a limited queue is that each item moves the tail on by one segment; so no
 * more have come since they were counted than the tail has moved, and an offer that compares the tail knows that there is room.
 *
 * <p>Thread-safe. Futures complete on gRPC's transport thread, with failures that are for {@link Handing}.
 */
final class Offering {
    /** How long an id is remembered unless it is said. */
    static final Duration DEFAULT_WINDOW = Duration.ofHours(1);

    private static final Duration MIN_WINDOW = Duration.ofSeconds(1);
    private static final Duration MAX_WINDOW = Duration.ofDays(365);

    /** So many revisions of the store, or items in an offer, and the next segment begins. */
    private static final int REVISIONS_OF_SEGMENT = 512;

    private static final int LARGE_BATCH = 16;
    private static final AtomicInteger offers = new AtomicInteger(); // of this process

    private final Store store;
    private final EtcdConnection connection;
    private final QueueLayout layout;
    private final Orders how;
    private final int capacity;
    private final OfferLimits limits;
    private final OfferTxns txns;
    private final IdLeases ids;
    private final Handing handing;
    private final Turns turns = new Turns(); // of a limited queue, where those who do not wait would refuse each other
    private final AtomicReference<Tail> tail = new AtomicReference<>(Tail.ABSENT); // as seen last; a guess at first
    private volatile long revision; // seen last; it only decides when a segment is full
    private volatile Counted counted = new Counted(0, Long.MAX_VALUE); // of the offer whose turn it is

    /** What became of an offer. */
    enum Result {
        OFFERED,
        /** Its id was used before: nothing was put. */
        ALREADY_OFFERED,
        /** The queue had no room for all of its items: nothing was put. */
        FULL;

        /** As users know it. */
        DistributedQueue.Offered offered() {
            return switch (this) {
                case OFFERED -> DistributedQueue.Offered.ADDED;
                case ALREADY_OFFERED -> DistributedQueue.Offered.DUPLICATE;
                case FULL -> DistributedQueue.Offered.FULL;
            };
        }
    }

    /** How many items there were while the tail was at a segment. */
    private record Counted(long items, long segment) {
        boolean hasRoom(int more, Tail now, int capacity) {
            return now.segment() >= segment && items + (now.segment() - segment) + more <= capacity;
        }
    }

    /** The one of a session, so that all that offer by it take turns, and share the leases of their ids. */
    static Offering of(EtcdSession session, Store store, QueueLayout layout, Orders how, QueueOptions options) {
        return session.shared(
                String.join(" ", store.recipe(), layout.name(), "offers", options.toString()),
                Offering.class,
                () -> new Offering(store, layout, how, options.capacity(), options.idWindow()));
    }

    /**
     * Of a queue.
     *
     * @param capacity how many items it may hold, the same for all who offer; 0 for no limit, as it must be by {@link Orders#DUE}
     * @param window for how long at least an id is remembered, 1 s to 365 days
     */
    Offering(Store store, QueueLayout layout, Orders how, int capacity, Duration window) {
        this.store = store;
        this.connection = store.connection();
        this.layout = layout;
        this.how = how;
        this.capacity = capacity;
        this.limits = new OfferLimits(store.recipe() + " '" + layout.name() + "'");
        if (capacity < 0) {
            throw limits.bad("capacity " + capacity + " is negative");
        }
        if (capacity > 0 && !how.hasSegments()) {
            throw limits.bad("capacity " + capacity + " for items by their due time: give 0, they cannot be limited");
        }
        if (window.compareTo(MIN_WINDOW) < 0 || window.compareTo(MAX_WINDOW) > 0) {
            throw limits.bad("window " + window + " is not within " + MIN_WINDOW + ".." + MAX_WINDOW);
        }
        this.txns = new OfferTxns(store, layout, how);
        this.ids = new IdLeases(store, layout.name(), window);
        this.handing = Handing.of(store, layout.name());
    }

    /**
     * Offers items.
     *
     * @param values 1 to 100, each of at most 128 KiB and 1 MiB in all; they keep their order
     * @param by priority (0 to 65,535) or due time (ms since 1970); of no meaning for a queue first in, first out
     * @param id by which items are offered once, within the window: 1 to 512 bytes; null for none
     * @throws IllegalArgumentException before anything is sent, if one of them is not that
     */
    CompletableFuture<Result> offer(List<ByteString> values, long by, @Nullable String id) {
        List<ByteString> items = List.copyOf(values);
        limits.checkValues(items, capacity);
        how.check(limits.queue(), by);
        limits.checkId(id);
        Offer offer = new Offer(items, by, id);
        if (capacity > 0) {
            turns.take(offer::begin);
        } else {
            offer.begin();
        }
        return offer.result;
    }

    /** Whether there may be no room. */
    boolean isLimited() {
        return capacity > 0;
    }

    /** Throws what {@link #offer} would. */
    void check(List<ByteString> values) {
        limits.checkValues(values, capacity);
    }

    /** How many items there are, those on hold included. */
    CompletableFuture<Long> size() {
        return store.range(txns.count()).thenApply(RangeResponse::getCount);
    }

    private void see(Tail before, Tail now) {
        // What was read after "before" takes its place, also if its revision is less: etcd may have been set back.
        if (!tail.compareAndSet(before, now)) {
            tail.updateAndGet(other -> other.modRevision() < now.modRevision() ? now : other);
        }
    }

    /** (!) To be checked before it is seen: what the others count by is void if not all do. */
    private Tail checked(Tail now) {
        if (now.isAbsent() || now.capacity() == capacity) {
            return now;
        }
        throw new RecipeException(
                store.recipe(),
                layout.name(),
                "its capacity is " + now.capacity() + ", not " + capacity + " (0 is no limit); nothing was offered:"
                        + " give the same one in all processes, or, to change it, stop those that offer and put '"
                        + now.movedOn(1, capacity).text() + "' at the key '" + layout.tail() + "'",
                null);
    }

    /** One offer. Its steps come one after another. */
    private final class Offer {
        private final List<ByteString> values;
        private final long by;
        private final @Nullable String id;
        private final String unique = QueueLayout.unique(
                connection.timing().instants().instant().toEpochMilli(), connection.id(), offers.getAndIncrement());
        private final long since = connection.timing().nanoTime();
        private final CompletableFuture<Result> result = new CompletableFuture<>();
        private int attempts;

        Offer(List<ByteString> values, long by, @Nullable String id) {
            this.values = values;
            this.by = by;
            this.id = id;
        }

        void begin() {
            step(() -> {
                if (isLate()) {
                    throw late("other offers of this process took all of it");
                }
                attempt();
            });
        }

        private void step(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException failure) {
                fail(failure);
            }
        }

        private void attempt() {
            attempts++;
            Tail known = Objects.requireNonNull(tail.get());
            if (capacity == 0 || counted.hasRoom(values.size(), known, capacity)) {
                commit(known);
            } else {
                var unused = SnapshotReads.send(connection, txns.countAndTail(id))
                        .whenComplete((answer, failure) -> step(() -> {
                            if (failure == null) {
                                counted(known, answer);
                            } else {
                                fail(failure);
                            }
                        }));
            }
        }

        private void counted(Tail before, TxnResponse answer) {
            revision = answer.getHeader().getRevision();
            if (id != null && answer.getResponses(2).getResponseRange().getCount() > 0) {
                end(Result.ALREADY_OFFERED);
                return;
            }
            Tail now = checked(txns.tailOf(answer.getResponses(0).getResponseRange()));
            see(before, now);
            Counted anew = new Counted(answer.getResponses(1).getResponseRange().getCount(), now.segment());
            counted = anew;
            if (anew.hasRoom(values.size(), now, capacity)) {
                commit(now);
            } else {
                end(Result.FULL);
            }
        }

        private void commit(Tail known) {
            if (id == null) {
                send(known, 0);
                return;
            }
            var unused = ids.current()
                    .whenComplete((lease, failure) -> step(() -> {
                        if (failure == null) {
                            send(known, lease);
                        } else {
                            fail(failure);
                        }
                    }));
        }

        private void send(Tail known, long lease) {
            Tail into = movesOn(known) ? known.movedOn(capacity == 0 ? 1 : values.size(), capacity) : known;
            var unused = store.commit(txns.offer(known, into, values, by, unique, id, lease))
                    .whenComplete((outcome, failure) -> step(() -> {
                        if (failure != null) {
                            failed(failure, lease);
                        } else if (outcome.applied()) {
                            applied(known, into, outcome.revision());
                        } else {
                            refused(known, outcome);
                        }
                    }));
        }

        private boolean movesOn(Tail known) {
            return how.hasSegments()
                    && (capacity > 0
                            || known.isAbsent()
                            || values.size() > LARGE_BATCH
                            || revision >= known.modRevision() + REVISIONS_OF_SEGMENT);
        }

        private void applied(Tail known, Tail into, long at) {
            revision = at;
            if (!into.equals(known)) {
                see(known, into.at(at));
            }
            end(Result.OFFERED);
        }

        private void refused(Tail known, Outcome outcome) {
            revision = outcome.revision();
            if (id != null && outcome.found(how.hasSegments() ? 1 : 0).getCount() > 0) {
                end(Result.ALREADY_OFFERED);
                return;
            }
            if (how.hasSegments()) {
                see(known, checked(txns.tailOf(outcome.found(0))));
            }
            again("others moved the tail of the queue each time");
        }

        private void failed(Throwable failure, long lease) {
            if (id != null && Leases.isGone(failure)) {
                ids.lost(lease);
                again("the lease of its id was revoked each time");
            } else {
                fail(failure);
            }
        }

        private void again(String why) {
            if (isLate()) {
                throw late("tried " + attempts + " times, but " + why);
            } else if (attempts > 1) {
                var unused = handing.pause(attempts)
                        .whenComplete((over, closed) -> step(() -> {
                            if (closed == null) {
                                attempt();
                            } else {
                                fail(closed);
                            }
                        }));
            } else {
                attempt();
            }
        }

        private boolean isLate() {
            return connection.timing().nanoTime() - since
                    > connection.requestTimeout().toNanos();
        }

        private RecipeException late(String why) {
            return new RecipeException(
                    store.recipe(),
                    layout.name(),
                    "nothing was offered within the request timeout of "
                            + connection.requestTimeout().toMillis() + " ms: " + why + "; try again later",
                    null);
        }

        private void end(Result what) {
            result.complete(what);
            giveBack();
        }

        private void fail(Throwable failure) {
            result.completeExceptionally(Handing.unwrapped(failure));
            giveBack();
        }

        private void giveBack() {
            if (capacity > 0) {
                turns.giveBack();
            }
        }
    }
}
