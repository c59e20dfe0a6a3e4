/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Feed;
import dev.consort.core.internal.SessionPlace;
import dev.consort.core.internal.Wait;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
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
 * <p>Items for which nobody stands in line are taken at once. {@code docs/queue-protocol.md} has the reasons.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Line extends SessionPlace<Line> {
    private static final Duration LINGER = Duration.ofSeconds(10);

    /** When etcd refused to let it leave the line. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** How late it learns that its clock was set on. */
    private static final Duration LONGEST_NAP = Duration.ofMinutes(1);

    /** So often it tries to take at once, while others are quicker, until it goes into line. */
    private static final int MOST_IN_VAIN = 10;

    private static final int FEW_IN_VAIN = 3; // if somebody wants to leave

    private final Terms terms;
    private final LineTxns txns;
    private final Picture picture;
    private final Set<Take> takes = new LinkedHashSet<>();
    private Card mine = Card.NONE; // as of the last answer, or of the last reading
    private boolean busy; // with a transaction of its own, or finding out what became of the card
    private @Nullable Change change; // that is under way
    private final Set<Change> unknown =
            new LinkedHashSet<>(); // of which it is not known whether they were applied, or will be
    private long serial; // of the last card that was to be written: no two are alike, so that each is found out
    private long beyond = -1; // nothing is to be done before something has changed after this revision
    private int options; // what it takes at once is one of so many: the more, the more often others were quicker
    private int inVain; // attempts to take at once, since one was not
    private int lingering;
    private long wakesAt = Long.MAX_VALUE; // by its clock
    private int opening; // how often it was closed, for answers that come later
    private @Nullable Card givenUp; // of which that is not confirmed, until the cards are read again

    /** The one of a session, for all its cards are one. */
    static Line of(EtcdSession session, String recipe, QueueLayout layout, Terms terms) {
        return session.shared(recipe + " " + layout.name(), Line.class, () -> new Line(session, recipe, layout, terms));
    }

    private Line(EtcdSession session, String recipe, QueueLayout layout, Terms terms) {
        super(session, recipe, layout.name());
        this.terms = terms;
        this.txns = new LineTxns(this::key, layout, terms, session.leaseId());
        this.picture = new Picture(new Sight(), layout, terms, txns);
    }

    /** This process has changed the queue: what it does next builds on that. On the serializer. */
    void changedAt(long revision) {
        beyond = Math.max(beyond, revision - 1);
    }

    // Who waits

    @Override
    protected void opened() {
        picture.load();
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
        if (change != null) {
            unknown.add(change);
        }
        Card last = change != null || mine.count() > 0 ? mine : givenUp;
        if (last != null && !session().state().isFinal()) {
            giveUpPlace(last, opening);
        }
        picture.close();
        mine = Card.NONE;
        busy = false;
        change = null;
        beyond = -1;
    }

    /**
     * (!) Until that is done: what comes for the place is kept from all others as long as the session lives. A change that
     * comes in later finds another card; one that came in before is found, though its answer was lost.
     */
    private void giveUpPlace(Card last, int closing) {
        givenUp = last;
        send(
                txns.leave(last, last.less(++serial, 0)),
                response -> {
                    Card found = response.getSucceeded()
                            ? Card.NONE.at(response.getHeader().getRevision())
                            : cardIn(response);
                    findOut(found);
                    if (found.count() > 0) {
                        again(found, closing);
                    } else {
                        givenUp = null;
                    }
                },
                refused -> after(PAUSE, () -> again(last, closing)));
    }

    private void again(Card last, int closing) {
        if (!isOpen() && opening == closing) { // else it is seen to there
            giveUpPlace(last, closing);
        }
    }

    /** Whether this card is what a change made of it. What it took is given back, for nobody waits for that any more. */
    private void findOut(Card found) {
        for (Change each : List.copyOf(unknown)) {
            if (found.modified() > each.before) { // so it was applied by now, or will not be
                unknown.remove(each);
                each.found(found);
            }
        }
    }

    private void know(Card card) {
        mine = card;
        findOut(card);
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
        if (!picture.isCurrent() || picture.revision() <= beyond) {
            return;
        }
        Card seen = picture.cards().getOrDefault(txns.card(), Card.NONE);
        if (seen.modified() < mine.modified()) {
            findCard();
            return;
        }
        know(seen);
        if (takes.isEmpty()) { // what it has found out was for the last one
            leaveAnyhow();
            return;
        }
        if (mine.count() > 0 && picture.revision() < mine.modified()) {
            return; // who else came before it is not known yet
        }
        int before = countBefore();
        if (picture.window().runsLow(before + Math.min(takes.size(), LineTxns.MOST))) {
            picture.more();
        } else if (mine.count() == 0) {
            lookFromOutside(before);
        } else {
            lookInLine(before);
        }
    }

    /** Nobody is to be told whether something came, and the others must not keep items for this process. */
    private void leaveAnyhow() {
        if (mine.count() > 0) {
            Card next = mine.less(++serial, 0);
            step(txns.leave(mine, next), next, (response, revision) -> {});
        }
    }

    private void lookFromOutside(int before) {
        boolean none = available(0, 1).isEmpty();
        List<Item> first = mayTakeAtOnce(before) ? available(before, takes.size()) : List.of();
        if (!first.isEmpty()) {
            takeOrJoin(before, first.size());
        } else if (none && takes.stream().anyMatch(Take::isLeaving)) {
            confirmNone();
        } else if (!none || !isOnly() || mine.modified() == 0) {
            show(inLine());
        } else {
            noneYet();
        }
    }

    /**
     * Items that were held may have come back without a trace, so there it takes a place in line to know what is the first. The same if
     * items come before others: (!) one that is in line may take an item that is not its own any more.
     */
    private boolean mayTakeAtOnce(int before) {
        return terms.keeps() ? isOnly() : before == 0 || terms.orders().isAppended();
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
        return picture.window().available(now(), before, Math.min(most, LineTxns.MOST));
    }

    private long now() {
        return session().now().toEpochMilli();
    }

    /** Nothing is for those who wait, unless time makes it so. */
    private void noneYet() {
        List.copyOf(takes).forEach(Take::noneYet);
        long now = now();
        if (!takes.isEmpty()) {
            picture.window().nextDue(now).ifPresent(due -> wakeAt(Math.min(due, now + LONGEST_NAP.toMillis()), now));
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

    /** How many items are for those who stand before this process: all, if it is not in line. */
    private int countBefore() {
        return others().filter(card -> mine.count() == 0 || card.place() < mine.place())
                .mapToInt(Card::count)
                .sum();
    }

    private Stream<Card> others() {
        return picture.cards().entrySet().stream()
                .filter(entry -> !entry.getKey().equals(txns.card()))
                .map(Map.Entry::getValue);
    }

    /** Whether no other process has ever taken anything through a session that lives. */
    private boolean isOnly() {
        return others().findAny().isEmpty();
    }

    /** The card of one that comes to stand there. */
    private Card inLine() {
        return Card.last(++serial, Math.min(takes.size(), LineTxns.MOST));
    }

    // Steps

    private void show(Card next) {
        step(txns.show(mine, next), next, (response, revision) -> {});
    }

    /** Those who leave are told so when nothing can have come for them. */
    private void leaveLine() {
        List<Take> leaving = takes.stream().filter(Take::isLeaving).toList();
        Card next = mine.less(++serial, Math.min(mine.count(), takes.size() - leaving.size()));
        step(
                txns.showIfNoneCame(mine, next, picture.revision(), picture.segment(), now()),
                List.of(new Outcome(next, (response, revision) -> leaving.forEach(Take::gotNothing))),
                null);
    }

    /** The same for those who never stood in line. */
    private void confirmNone() {
        List<Take> leaving = takes.stream().filter(Take::isLeaving).toList();
        long known = picture.revision();
        int now = opening;
        busy = true;
        send(
                txns.noneCameSince(known, picture.segment(), now()),
                response -> {
                    if (now != opening) {
                        return;
                    }
                    busy = false;
                    if (LineTxns.decided(response).getSucceeded()) {
                        leaving.forEach(Take::gotNothing);
                    } else {
                        beyond = known;
                    }
                    look();
                },
                why -> refused(why, now));
    }

    /**
     * (!) What is left of the card keeps its place. At the end of the line it would leave an item to whoever is before it then, and who
     * may not know that yet; so both could find that nothing is there for them.
     */
    private void take(List<Item> items) {
        List<Take> takers = takers(items.size());
        int left = mine.count() - items.size();
        int waiting = stillWaiting(items.size());
        Card next = left > 0 ? mine.less(++serial, Math.min(left, waiting)) : Card.last(++serial, waiting);
        Then taken = (response, revision) -> taken(takers, items, response, revision);
        step(
                txns.take(mine, new LineTxns.Option(items, next), picture.window()::holdOf, picture.revision()),
                List.of(new Outcome(next, taken)),
                null);
    }

    private List<Take> takers(int count) {
        return takes.stream().limit(count).toList();
    }

    private int stillWaiting(int served) {
        return Math.min(takes.size() - served, LineTxns.MOST);
    }

    /**
     * Takes items, the first after so many that are others'; if it cannot, goes into line, or tries again. Where others may be quicker
     * it takes the first one that is left. (!) Of several at once it would not be known which of those before are gone.
     */
    private void takeOrJoin(int before, int most) {
        int others = (int) others().count();
        boolean chooses = others > 0 && (most == 1 || inVain > 0);
        int count = chooses ? 1 : most;
        int choices = chooses ? Math.min(Math.max(options, 2 * (others + 1)), LineTxns.MOST_OPTIONS) : 1;
        List<Item> known = picture.window().available(now(), before, count + Math.max(choices - 1, others));
        boolean triesAgain = others > 0 && known.size() >= count + others && mayTryAgain();
        List<Take> takers = takers(count);
        int waiting = others == 0 || triesAgain ? 0 : stillWaiting(count);
        List<LineTxns.Option> choice = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < choices && i + count <= known.size(); i++) {
            List<Item> gone = known.subList(0, i);
            List<Item> first = known.subList(i, i + count);
            Card next = Card.last(++serial, waiting);
            choice.add(new LineTxns.Option(first, next));
            outcomes.add(new Outcome(next, (response, revision) -> {
                gone.forEach(item -> picture.taken(item, revision));
                taken(takers, first, response, revision);
                options = Math.max(options - 1, 2 * gone.size() + 2);
            }));
        }
        long revision = picture.revision();
        if (triesAgain) {
            inVain++;
            step(txns.takeIfStill(mine, choice, picture.window()::holdOf, revision), outcomes, null);
        } else {
            inVain = 0;
            Card joined = inLine();
            step(
                    txns.takeOrJoin(mine, choice, joined, picture.window()::holdOf, revision, before == 0),
                    outcomes,
                    joined);
        }
    }

    /**
     * (!) Where many items wait, one that comes too late does not go into line: each that does so makes all others who are about to
     * take at once come too late, and that would not end by itself.
     */
    private boolean mayTryAgain() {
        boolean oneLeaves = takes.stream().anyMatch(Take::isLeaving);
        return inVain < (oneLeaves ? FEW_IN_VAIN : MOST_IN_VAIN)
                && terms.orders().isAppended()
                && !terms.keeps();
    }

    /** The answer is null if it was lost. */
    private void taken(List<Take> takers, List<Item> items, @Nullable TxnResponse response, long revision) {
        items.forEach(item -> picture.taken(item, revision));
        inVain = 0;
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

    /** What follows from a change; the answer is null if it was lost. */
    private interface Then {
        void accept(@Nullable TxnResponse response, long revision);
    }

    /** What a change may come to: the card, and what follows. */
    private record Outcome(Card card, Then then) {}

    /** Of the card, and of what goes with it. */
    private static final class Change {
        private final long before; // revision of the card as it was left
        private final List<Outcome> outcomes;
        private boolean told;

        Change(long before, List<Outcome> outcomes) {
            this.before = before;
            this.outcomes = outcomes;
        }

        /** This is the card now; nothing follows if the change has not made it. */
        void found(Card card) {
            outcomes.stream()
                    .filter(outcome -> outcome.card.serial() == card.serial())
                    .findFirst()
                    .ifPresent(outcome -> applied(outcome, null, card.modified()));
        }

        /** Once, for it may be found out by its answer, and by who gives up the place. */
        void applied(Outcome outcome, @Nullable TxnResponse response, long revision) {
            if (!told) {
                told = true;
                outcome.then.accept(response, revision);
            }
        }
    }

    private void step(TxnRequest txn, Card next, Then then) {
        step(txn, List.of(new Outcome(next, then)), next);
    }

    /**
     * Changes the card.
     *
     * @param outcomes of which it picks one; what follows is told also if it was closed meanwhile: nobody waits any more, and what
     *     came is given back
     * @param orElse what the card may become instead, and then nothing follows; null if it stays as it is then
     */
    private void step(TxnRequest txn, List<Outcome> outcomes, @Nullable Card orElse) {
        long known = picture.revision();
        int now = opening;
        Change step = new Change(mine.modified(), outcomes);
        change = step;
        busy = true;
        send(
                txn,
                response -> {
                    boolean current = now == opening;
                    if (current) {
                        busy = false;
                        change = null;
                    }
                    if (response.getSucceeded()) {
                        answered(response, step, orElse, known, current);
                    } else {
                        notApplied(response, step, known, current);
                    }
                    if (current) {
                        look();
                    }
                },
                why -> refused(why, now));
    }

    private void answered(TxnResponse response, Change step, @Nullable Card orElse, long known, boolean current) {
        LineTxns.Picked picked = LineTxns.picked(response);
        Outcome outcome = picked.option() < 0 ? null : step.outcomes.get(picked.option());
        long revision = response.getHeader().getRevision();
        Card next = outcome == null ? orElse : outcome.card();
        if (current && next != null) {
            changed(next.at(revision));
        } else if (current) {
            // (!) The line has changed, or the items: to know a bit more is not enough, or it is too late again.
            beyond = Math.max(known, LineTxns.lastChange(picked.answer()) - 1);
            options = 2 * step.outcomes.size();
            unknown.add(step); // a copy of it may come in when what was in its way is gone
        }
        if (outcome != null) {
            step.applied(outcome, picked.answer(), revision);
        }
    }

    private void changed(Card now) {
        know(now);
        picture.cards().put(txns.card(), now);
    }

    /** Or it was, by an attempt whose answer was lost. */
    private void notApplied(TxnResponse response, Change step, long known, boolean current) {
        Card found = cardIn(response);
        if (current && found.modified() == mine.modified()) {
            beyond = known; // an item has changed since
        } else if (current && found.modified() == 0) {
            findCard();
        } else if (current) {
            changed(found);
        }
        step.found(found);
    }

    private static Card cardIn(TxnResponse refused) {
        return refused.getResponses(0).getResponseRange().getKvsList().stream()
                .findFirst()
                .map(kv -> Card.of(kv.getModRevision(), kv.getValue()))
                .orElse(Card.NONE);
    }

    /** The card is gone: with the lease, or somebody deleted it. */
    private void findCard() {
        busy = true;
        removed(() -> {
            busy = false;
            mine = Card.NONE;
            picture.cards().remove(txns.card());
            look();
        });
    }

    private void refused(RecipeException why, int asOf) {
        if (asOf != opening) {
            return; // it was closed since, and others wait
        }
        failAll(why);
        if (isOpen()) {
            close();
        }
    }

    /** Of the queue. */
    private final class Sight implements Picture.Owner {
        @Override
        public void send(TxnRequest txn, Consumer<TxnResponse> then, Consumer<RecipeException> otherwise) {
            Line.this.send(txn, then, otherwise);
        }

        @Override
        public Feed feed(String prefix, long from, Feed.Listener listener) {
            return Line.this.feed(prefix, from, listener);
        }

        @Override
        public String relative(ByteString key) {
            return Line.this.relative(key);
        }

        @Override
        public void begun() {
            if (!busy) {
                know(picture.cards().getOrDefault(txns.card(), Card.NONE));
            }
            beyond = -1;
            givenUp = null;
        }

        @Override
        public void look() {
            Line.this.look();
        }

        @Override
        public void cannotRead(RecipeException why) {
            failAll(why);
            if (isOpen()) {
                close();
            }
        }
    }
}
