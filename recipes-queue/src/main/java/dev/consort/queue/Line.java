/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Feed;
import dev.consort.core.internal.SessionPlace;
import dev.consort.core.internal.Wait;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The line in which the processes stand that take items of one queue; this is one process's end of it. Each has one card, which
 * says for how many items it waits. The first item is for the first card, and so on: every process sees the same cards and items
 * by the revisions of etcd, so each knows which items are its own, and takes only these. Nobody has to be asked, and two
 * hardly ever want the same; if their pictures differ for a moment, the transaction of one of them fails, which is all.
 *
 * <p>Where nobody stands in line, the first items are taken at once. {@code docs/queue-protocol.md} has the reasons.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Line extends SessionPlace<Line> {
    private static final Duration LINGER = Duration.ofSeconds(10);

    /** How late it learns that its clock was set on. */
    private static final Duration LONGEST_NAP = Duration.ofMinutes(1);

    private final QueueLayout layout;
    private final Terms terms;
    private final LineTxns txns;
    private final Backlog backlog;
    private final Map<ByteString, Card> cards = new HashMap<>();
    private final Set<Take> takes = new LinkedHashSet<>();
    private Card mine = Card.NONE; // as of the last answer, or of the last reading
    private boolean busy; // with a transaction of its own, or finding out what became of the card
    private long beyond = -1; // nothing is to be done before something has changed after this revision
    private int lingering;
    private long wakesAt = Long.MAX_VALUE; // by its clock
    private int opening; // how often it was closed, for answers that come later

    /** The one of a session, for all its cards are one. */
    static Line of(EtcdSession session, String recipe, QueueLayout layout, Terms terms) {
        return session.shared(recipe + " " + layout.name(), Line.class, () -> new Line(session, recipe, layout, terms));
    }

    private Line(EtcdSession session, String recipe, QueueLayout layout, Terms terms) {
        super(session, recipe, layout.name());
        this.layout = layout;
        this.terms = terms;
        this.txns = new LineTxns(this::key, layout, terms, session.leaseId());
        this.backlog = new Backlog();
    }

    /** This process has changed the queue: what it does next builds on that. On the serializer. */
    void changedAt(long revision) {
        beyond = Math.max(beyond, revision - 1);
    }

    // Who waits

    @Override
    protected void opened() {
        backlog.load();
    }

    @Override
    protected void joined(Wait<Line, ?> wait) {
        lingering++;
        takes.add((Take) wait);
        look();
    }

    @Override
    protected void leave(Wait<Line, ?> wait) {
        super.leave(wait);
        takes.remove((Take) wait);
        if (takes.isEmpty() && isOpen()) {
            execute(this::look); // not in the midst of what made it leave
            closeLater();
        }
    }

    private void closeLater() {
        int last = ++lingering;
        after(LINGER, () -> {
            if (lingering != last || !takes.isEmpty()) {
                return;
            }
            if (busy || mine.count() > 0) {
                closeLater();
            } else {
                close();
            }
        });
    }

    @Override
    protected void closed() {
        opening++;
        if (mine.count() > 0 && !session().state().isFinal()) {
            giveUpPlace();
        }
        backlog.close();
        cards.clear();
        mine = Card.NONE;
        busy = false;
        beyond = -1;
    }

    /** As far as it can be had: etcd has just refused something else. */
    private void giveUpPlace() {
        send(txns.show(mine, mine.less(0)), done -> {}, refused -> {});
    }

    // What is to be done

    /** Does what is to be done next, if that depends on nothing that is under way. */
    void look() {
        if (!isOpen() || busy) {
            return;
        }
        if (takes.isEmpty()) {
            leaveAnyhow();
            return;
        }
        if (!backlog.isCurrent() || backlog.revision <= beyond) {
            return;
        }
        Card seen = cards.getOrDefault(txns.card(), Card.NONE);
        if (seen.modified() < mine.modified()) {
            findCard();
            return;
        }
        mine = seen;
        if (mine.count() > 0 && backlog.revision < mine.modified()) {
            return; // who else came before it is not known yet
        }
        int before = mine.count() == 0 ? 0 : countBefore();
        if (backlog.window.runsLow(before + Math.min(takes.size(), LineTxns.MOST))) {
            backlog.more();
        } else if (mine.count() == 0) {
            lookFromOutside();
        } else {
            lookInLine(before);
        }
    }

    /** Nobody is to be told whether something came, and the others must not keep items for this process. */
    private void leaveAnyhow() {
        if (mine.count() > 0) {
            show(mine.less(0));
        }
    }

    private void lookFromOutside() {
        boolean oneLeaves = takes.stream().anyMatch(Take::isLeaving);
        List<Item> first = available(0, takes.size());
        if (!first.isEmpty() && mayTakeAtOnce()) {
            takeOrJoin(first);
        } else if (first.isEmpty() && oneLeaves) {
            confirmNone();
        } else if (!first.isEmpty() || !isOnly() || mine.modified() == 0) {
            show(mine.next(Math.min(takes.size(), LineTxns.MOST)));
        } else {
            noneYet();
        }
    }

    /** Items that were held may have come back without a trace, so there it takes a place in line to know what is the first. */
    private boolean mayTakeAtOnce() {
        return terms.keeps() ? isOnly() : others().allMatch(card -> card.count() == 0);
    }

    private void lookInLine(int before) {
        List<Item> own = available(before, Math.min(mine.count(), takes.size()));
        if (!own.isEmpty()) {
            take(own);
        } else if (takes.stream().anyMatch(Take::isLeaving)) {
            leaveLine();
        } else {
            noneYet();
        }
    }

    private List<Item> available(int before, int most) {
        return backlog.window.available(now(), before, Math.min(most, LineTxns.MOST));
    }

    private long now() {
        return session().now().toEpochMilli();
    }

    /** Nothing is for those who wait, unless time makes it so. */
    private void noneYet() {
        List.copyOf(takes).forEach(Take::noneYet);
        long now = now();
        if (!takes.isEmpty()) {
            backlog.window.nextDue(now).ifPresent(due -> wakeAt(Math.min(due, now + LONGEST_NAP.toMillis()), now));
        }
    }

    /** Unless it wakes sooner. */
    private void wakeAt(long millis, long now) {
        if (wakesAt <= now || wakesAt > millis) {
            wakesAt = millis;
            after(Duration.ofMillis(millis - now), () -> {
                if (wakesAt == millis) {
                    wakesAt = Long.MAX_VALUE;
                    look();
                }
            });
        }
    }

    /** How many items are for those who stand before this process. */
    private int countBefore() {
        return others().filter(card -> card.place() < mine.place())
                .mapToInt(Card::count)
                .sum();
    }

    private Stream<Card> others() {
        return cards.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(txns.card()))
                .map(Map.Entry::getValue);
    }

    /** Whether no other process has ever taken anything through a session that lives. */
    private boolean isOnly() {
        return others().findAny().isEmpty();
    }

    // Steps

    private void show(Card next) {
        step(txns.show(mine, next), next, response -> {});
    }

    /** Those who leave are told so when nothing can have come for them. */
    private void leaveLine() {
        List<Take> leaving = takes.stream().filter(Take::isLeaving).toList();
        Card next = mine.less(Math.min(mine.count(), takes.size() - leaving.size()));
        step(
                txns.showIfNoneCame(mine, next, backlog.revision, now()),
                next,
                response -> leaving.forEach(Take::gotNothing));
    }

    /** The same for those who never stood in line. */
    private void confirmNone() {
        List<Take> leaving = takes.stream().filter(Take::isLeaving).toList();
        long known = backlog.revision;
        int now = opening;
        busy = true;
        send(
                txns.noneCameSince(known, now()),
                response -> {
                    if (now != opening) {
                        return;
                    }
                    busy = false;
                    if (response.getSucceeded()) {
                        leaving.forEach(Take::gotNothing);
                    } else {
                        beyond = known;
                    }
                    look();
                },
                this::refused);
    }

    private void take(List<Item> items) {
        List<Take> takers = takers(items);
        Card next = mine.next(stillWaiting(items));
        step(txns.take(mine, next, items, backlog.window::holdOf), next, response -> taken(takers, items, response));
    }

    private List<Take> takers(List<Item> items) {
        return takes.stream().limit(items.size()).toList();
    }

    private int stillWaiting(List<Item> items) {
        return Math.min(takes.size() - items.size(), LineTxns.MOST);
    }

    private void takeOrJoin(List<Item> items) {
        List<Take> takers = takers(items);
        Card next = mine.next(isOnly() ? 0 : stillWaiting(items));
        Card joined = mine.next(Math.min(takes.size(), LineTxns.MOST)).next();
        step(
                txns.takeOrJoin(mine, next, joined, items, backlog.window::holdOf, backlog.revision),
                next,
                joined,
                response -> taken(
                        takers,
                        items,
                        response == null ? null : response.getResponses(0).getResponseTxn()));
    }

    /** The answer is null if it was lost. */
    private void taken(List<Take> takers, List<Item> items, @Nullable TxnResponse response) {
        long revision = mine.modified();
        items.forEach(item -> backlog.taken(item, revision));
        if (response != null) {
            hand(takers, txns.taken(items, response, revision));
        } else {
            fetch(takers, items, revision);
        }
    }

    private static void hand(List<Take> takers, List<Taken> taken) {
        for (int i = 0; i < taken.size(); i++) {
            takers.get(i).got(taken.get(i));
        }
    }

    /** They were taken, and the answer was lost that had their values. */
    private void fetch(List<Take> takers, List<Item> items, long revision) {
        takers.forEach(takes::remove); // no other item is to be taken for them
        send(
                txns.valuesOf(items, revision),
                response -> {
                    for (int i = 0; i < items.size(); i++) {
                        Take taker = takers.get(i);
                        Item item = items.get(i);
                        response.getResponses(i).getResponseRange().getKvsList().stream()
                                .findFirst()
                                .ifPresentOrElse(
                                        kv -> taker.got(new Taken(item, kv.getValue(), revision)),
                                        () -> taker.refused(withoutValue("somebody has deleted it")));
                    }
                },
                failure -> takers.forEach(take -> take.refused(withoutValue(String.valueOf(failure.getMessage())))));
    }

    private OutcomeUnknownException withoutValue(String why) {
        return new OutcomeUnknownException(
                recipe(), name(), "an item was taken, and the answer was lost that had its value; " + why, null);
    }

    private void step(TxnRequest txn, Card next, Consumer<@Nullable TxnResponse> then) {
        step(txn, next, next, then);
    }

    /**
     * Changes the card.
     *
     * @param orElse what the card may become instead, and then nothing follows
     * @param then told the answer; null if it was lost
     */
    private void step(TxnRequest txn, Card next, Card orElse, Consumer<@Nullable TxnResponse> then) {
        long known = backlog.revision;
        int now = opening;
        busy = true;
        send(
                txn,
                response -> {
                    boolean whole = response.getSucceeded()
                            && response.getResponsesList().stream()
                                    .noneMatch(op -> op.hasResponseTxn()
                                            && !op.getResponseTxn().getSucceeded());
                    if (now != opening) {
                        if (whole) {
                            then.accept(response); // nobody waits any more, and it is given back
                        }
                        return;
                    }
                    busy = false;
                    if (response.getSucceeded()) {
                        changed((whole ? next : orElse).at(response.getHeader().getRevision()));
                        if (whole) {
                            then.accept(response);
                        }
                    } else {
                        notApplied(response, next, known, then);
                    }
                    look();
                },
                this::refused);
    }

    private void changed(Card now) {
        mine = now;
        cards.put(txns.card(), now);
    }

    /** Or it was, by an attempt whose answer was lost. */
    private void notApplied(TxnResponse response, Card next, long known, Consumer<@Nullable TxnResponse> then) {
        Card found = response.getResponses(0).getResponseRange().getKvsList().stream()
                .findFirst()
                .map(kv -> Card.of(kv.getModRevision(), kv.getValue()))
                .orElse(Card.NONE);
        if (found.modified() == mine.modified()) {
            beyond = known; // an item has changed since
        } else if (found.modified() == 0) {
            findCard();
        } else {
            boolean applied = found.serial() == next.serial();
            changed(found);
            if (applied) {
                then.accept(null);
            }
        }
    }

    /** The card is gone: with the lease, or somebody deleted it. */
    private void findCard() {
        busy = true;
        removed(() -> {
            busy = false;
            mine = Card.NONE;
            cards.remove(txns.card());
            look();
        });
    }

    private void refused(RecipeException why) {
        busy = false;
        failAll(why);
        if (isOpen()) {
            close();
        }
    }

    // What is known of the queue

    /** The picture of items and cards, as of a revision. */
    private final class Backlog implements Feed.Listener {
        final Window window = new Window(terms.timed());
        private final List<Event> news = new ArrayList<>(); // that have come while it reads
        private long revision;
        private boolean reading;
        private int readings;
        private @Nullable Feed feed;

        boolean isCurrent() {
            return !reading;
        }

        void load() {
            reading = true;
            int number = ++readings;
            if (feed != null) {
                feed.close();
                feed = null;
            }
            send(
                    txns.open(),
                    response -> {
                        if (number == readings) {
                            begin(response);
                        }
                    },
                    this::cannotRead);
        }

        private void begin(TxnResponse response) {
            revision = response.getHeader().getRevision();
            window.clear();
            news.clear();
            cards.clear();
            for (KeyValue kv : response.getResponses(1).getResponseRange().getKvsList()) {
                window.hold(suffix(kv, layout.holds()), Hold.of(kv.getModRevision(), kv.getLease(), kv.getValue()));
            }
            for (KeyValue kv : response.getResponses(2).getResponseRange().getKvsList()) {
                cards.put(kv.getKey(), Card.of(kv.getModRevision(), kv.getValue()));
            }
            if (!busy) {
                mine = cards.getOrDefault(txns.card(), Card.NONE);
            }
            beyond = -1;
            feed = feed(layout.watched(), revision + 1, this);
            page(response);
        }

        /** By this process: the news of it are on their way. */
        void taken(Item item, long at) {
            if (terms.keeps()) {
                window.hold(item.suffix(), new Hold(at, Long.MAX_VALUE));
            } else {
                window.delete(item.suffix(), at);
            }
        }

        /** Reads what follows. */
        void more() {
            String order = window.through().orElseThrow();
            reading = true;
            int number = readings;
            send(
                    txns.beyond(order, revision),
                    response -> {
                        if (number == readings) {
                            page(response);
                        }
                    },
                    why -> loadUnless(number)); // compacted meanwhile
        }

        private void loadUnless(int overtaken) {
            if (overtaken == readings) {
                load();
            }
        }

        private void page(TxnResponse response) {
            List<KeyValue> kvs = response.getResponses(0).getResponseRange().getKvsList();
            List<Item> items = new ArrayList<>(items(kvs));
            if (!response.getResponses(0).getResponseRange().getMore() || items.isEmpty()) {
                read(items, null);
                return;
            }
            KeyValue last = kvs.get(kvs.size() - 1);
            String order = items.get(items.size() - 1).order();
            int number = readings;
            send(
                    txns.rest(last, order, revision),
                    rest -> {
                        if (number == readings) {
                            items.addAll(items(
                                    rest.getResponses(0).getResponseRange().getKvsList()));
                            read(items, order);
                        }
                    },
                    why -> loadUnless(number)); // compacted meanwhile
        }

        private void read(List<Item> items, @Nullable String through) {
            window.page(items, through);
            reading = false;
            List<Event> meanwhile = List.copyOf(news);
            news.clear();
            changed(meanwhile);
            look();
        }

        private List<Item> items(List<KeyValue> kvs) {
            return kvs.stream()
                    .flatMap(kv -> Item.of(
                            suffix(kv, layout.items()), kv.getCreateRevision(), kv.getModRevision(), kv.getVersion())
                            .stream())
                    .toList();
        }

        private void cannotRead(RecipeException why) {
            failAll(why);
            if (isOpen()) {
                close();
            }
        }

        void close() {
            readings++;
            reading = false;
            window.clear();
            news.clear();
            if (feed != null) {
                feed.close();
                feed = null;
            }
        }

        @Override
        public void changed(List<Event> events) {
            if (reading) {
                news.addAll(events);
                return;
            }
            events.forEach(this::apply);
            look();
        }

        private void apply(Event event) {
            KeyValue kv = event.getKv();
            boolean deleted = event.getType() == Event.EventType.DELETE;
            String key = relative(kv.getKey());
            revision = Math.max(revision, kv.getModRevision());
            if (key.startsWith(layout.items())) {
                String suffix = key.substring(layout.items().length());
                if (deleted) {
                    window.delete(suffix, kv.getModRevision());
                } else {
                    items(List.of(kv)).forEach(window::put);
                }
            } else if (key.startsWith(layout.holds())) {
                String suffix = key.substring(layout.holds().length());
                if (deleted) {
                    window.free(suffix, kv.getModRevision());
                } else {
                    window.hold(suffix, Hold.of(kv.getModRevision(), kv.getLease(), kv.getValue()));
                }
            } else if (key.startsWith(layout.cards())) {
                Card now = deleted ? Card.NONE.at(kv.getModRevision()) : Card.of(kv.getModRevision(), kv.getValue());
                if (now.modified() <= cards.getOrDefault(kv.getKey(), Card.NONE).modified()) {
                    return; // its own last step, of which it knows
                }
                if (deleted) {
                    cards.remove(kv.getKey());
                } else {
                    cards.put(kv.getKey(), now);
                }
            }
        }

        private String suffix(KeyValue kv, String folder) {
            return relative(kv.getKey()).substring(folder.length());
        }

        @Override
        public void gap() {
            load();
        }

        @Override
        public void refused(RecipeException why) {
            cannotRead(why);
        }
    }
}
