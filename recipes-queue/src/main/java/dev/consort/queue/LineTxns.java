/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The requests of a {@link Line}. Immutable. */
final class LineTxns {
    /** As many items as one transaction takes, well within etcd's 128 operations. */
    static final int MOST = 32;

    /** Of one item each, within each other, which count together for that limit. */
    static final int MOST_OPTIONS = 24;

    /** Items to be taken together, and the card when they are. */
    record Option(List<Item> items, Card card) {}

    private final Function<String, ByteString> keys;
    private final QueueLayout layout;
    private final Terms terms;
    private final long lease;
    private final ByteString card;

    /**
     * Those of a session.
     *
     * @param keys adds the namespace
     */
    LineTxns(Function<String, ByteString> keys, QueueLayout layout, Terms terms, long lease) {
        this.keys = keys;
        this.layout = layout;
        this.terms = terms;
        this.lease = lease;
        this.card = keys.apply(layout.cards() + Long.toHexString(lease));
    }

    ByteString card() {
        return card;
    }

    private ByteString key(String relative) {
        return keys.apply(relative);
    }

    // Reading

    /** The first items, all holds, all cards and the tail, as they are at one revision. */
    TxnRequest open() {
        return TxnRequest.newBuilder()
                .addSuccess(read(
                        items(layout.items(), QueueTxns.after(layout.items())).setLimit(Window.PAGE)))
                .addSuccess(read(RangeRequest.newBuilder()
                        .setKey(key(layout.holds()))
                        .setRangeEnd(key(QueueTxns.after(layout.holds())))))
                .addSuccess(read(allCards()))
                .addSuccess(read(RangeRequest.newBuilder().setKey(key(layout.tail()))))
                .build();
    }

    /** The first items beyond an order, as they were then: later ones would not go with the cards that are known. */
    TxnRequest beyond(String order, long revision) {
        return TxnRequest.newBuilder()
                .addSuccess(read(items(QueueTxns.after(layout.items() + order + "/"), QueueTxns.after(layout.items()))
                        .setLimit(Window.PAGE)
                        .setRevision(revision)))
                .build();
    }

    /** The rest of the order of the last item of a page, as it was then. */
    TxnRequest rest(KeyValue last, String order, long revision) {
        ByteString next = last.getKey().concat(ByteString.copyFrom(new byte[1]));
        return TxnRequest.newBuilder()
                .addSuccess(read(RangeRequest.newBuilder()
                        .setKey(next)
                        .setRangeEnd(key(QueueTxns.after(layout.items() + order + "/")))
                        .setKeysOnly(true)
                        .setRevision(revision)))
                .build();
    }

    private RangeRequest.Builder items(String from, String to) {
        return RangeRequest.newBuilder().setKey(key(from)).setRangeEnd(key(to)).setKeysOnly(true);
    }

    // Standing in line

    /** Changes the card and nothing else. */
    TxnRequest show(Card now, Card next) {
        return guarded(now).addAllSuccess(put(next)).build();
    }

    /** Leaves the line without having asked what is for this process: so those behind it, who may not know of that, ask again. */
    TxnRequest leave(Card now, Card next) {
        return guarded(now).addAllSuccess(leaving(next)).build();
    }

    private List<RequestOp> leaving(Card next) {
        List<RequestOp> puts = new ArrayList<>(put(next));
        if (!terms.keeps()) {
            puts.add(QueueTxns.put(key(layout.ahead()), ByteString.EMPTY));
        }
        return puts;
    }

    /**
     * Changes the card, if nothing was offered since a revision that this process might have to take; {@link #picked} tells.
     *
     * <p>(!) Nothing that has gone again either, where it may have come before others: whoever took it did so instead of one that was
     * his, and that is this process's then.
     *
     * @param segment that was the last one then, or one before; 0 if none is known
     */
    TxnRequest showIfNoneCame(Card now, Card next, long revision, long segment, long millis) {
        TxnRequest.Builder txn = guarded(now);
        if (terms.orders().isAppended()) {
            return txn.addCompare(nothingAhead(revision))
                    .addCompare(noneAppended(revision, segment))
                    .addAllSuccess(put(next))
                    .build();
        }
        TxnRequest.Builder leaves = TxnRequest.newBuilder().addAllSuccess(put(next));
        return txn.addSuccess(within(TxnRequest.newBuilder()
                        .addCompare(nothingAhead(revision))
                        .addSuccess(within(leaves.build()))
                        .addFailure(within(leaves.addCompare(noneCame(revision, millis))
                                .addAllCompare(noCardWritten(revision))
                                .addAllFailure(readCards())
                                .build()))
                        .build()))
                .build();
    }

    /** Only asks that, see {@link #decided}. */
    TxnRequest noneCameSince(long revision, long segment, long millis) {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addCompare(nothingAhead(revision));
        if (terms.orders().isAppended()) {
            txn.addCompare(noneAppended(revision, segment));
        } else {
            txn.addFailure(within(TxnRequest.newBuilder()
                    .addCompare(noneCame(revision, millis))
                    .build()));
        }
        return txn.addSuccess(read(cardRange())).build();
    }

    /** Of items that are offered in turn: they go into the last segment. */
    private Compare noneAppended(long revision, long segment) {
        return noneCreated(layout.items() + QueueLayout.segment(segment), QueueTxns.after(layout.items()), revision);
    }

    private Compare noneCame(long revision, long millis) {
        String end = terms.timed() ? layout.items() + QueueLayout.due(millis + 1) : QueueTxns.after(layout.items());
        return noneCreated(layout.items(), end, revision);
    }

    /** Deliveries that were given back leave no trace, but nobody is promised to be told of these at once. */
    private Compare noneCreated(String from, String to, long since) {
        return created(from, to)
                .setResult(Compare.CompareResult.LESS)
                .setCreateRevision(since + 1)
                .build();
    }

    private Compare nothingAhead(long since) {
        return notWritten(layout.ahead(), since);
    }

    private Compare notWritten(String key, long since) {
        return Compare.newBuilder()
                .setKey(key(key))
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.LESS)
                .setModRevision(since + 1)
                .build();
    }

    /**
     * (!) It costs etcd a step for each key that is in the range, or was since etcd was compacted. So what is done for each item compares
     * no range of items, unless something has come that may stand before them.
     */
    private Compare.Builder created(String from, String to) {
        return Compare.newBuilder()
                .setTarget(Compare.CompareTarget.CREATE)
                .setKey(key(from))
                .setRangeEnd(key(to));
    }

    private TxnRequest.Builder guarded(Card now) {
        return TxnRequest.newBuilder()
                .addCompare(QueueTxns.modified(card, now.modified()))
                .addFailure(read(cardRange()));
    }

    private RangeRequest.Builder allCards() {
        return RangeRequest.newBuilder().setKey(key(layout.cards())).setRangeEnd(key(QueueTxns.after(layout.cards())));
    }

    private List<RequestOp> readCards() {
        return List.of(read(allCards().setKeysOnly(true)));
    }

    private RangeRequest.Builder cardRange() {
        return RangeRequest.newBuilder().setKey(card);
    }

    private List<RequestOp> put(Card next) {
        RequestOp it = QueueTxns.put(card, next.value(), lease);
        return terms.keeps() ? List.of(it) : List.of(it, QueueTxns.put(key(layout.line()), ByteString.EMPTY));
    }

    /** With a taking. The line is as it was for all others if the card covers just what it did, without what was taken. */
    private List<RequestOp> put(Card now, Option taking) {
        Card next = taking.card();
        int left = Math.max(0, now.count() - taking.items().size());
        if (next.count() == left) {
            return List.of(QueueTxns.put(card, next.value(), lease));
        }
        return next.count() < left ? leaving(next) : put(next);
    }

    // Taking

    /**
     * Takes items that are this process's turn, and changes the card; or does nothing, and then tells the cards, see {@link #lastChange}.
     *
     * <p>(!) Who takes what is not its own any more, since something came before it, would leave one behind that nobody stands for.
     *
     * @param taking the items and the card
     * @param revision as of which its turn is known
     */
    TxnRequest take(Card now, Option taking, Function<Item, Optional<Hold>> holds, long revision) {
        TxnRequest.Builder txn = guarded(now);
        if (terms.orders().isAppended() || terms.keeps()) {
            if (!terms.keeps()) {
                txn.addCompare(nothingAhead(revision));
            }
            return txn.addAllCompare(asKnown(taking.items(), holds))
                    .addAllSuccess(taking(taking.items()))
                    .addAllSuccess(put(now, taking))
                    .build();
        }
        return txn.addSuccess(unlessAhead(now, List.of(), List.of(taking), readCards(), holds, revision))
                .build();
    }

    /**
     * Takes the first items for which nobody stands in line, if the line is as it was; else goes there.
     *
     * @param options the first items as they are known; or one item, and then, if others may have taken that, the next ones, one by one;
     *     what is chosen is told by {@link #picked}
     * @param joined the card if nothing is taken
     * @param revision as of which the line is known
     * @param isFirst whether no items stand before these
     */
    TxnRequest takeOrJoin(
            Card now,
            List<Option> options,
            Card joined,
            Function<Item, Optional<Hold>> holds,
            long revision,
            boolean isFirst) {
        List<RequestOp> otherwise = put(joined);
        if (!terms.keeps() && isFirst) {
            return guarded(now)
                    .addSuccess(unlessAhead(
                            now, List.of(notWritten(layout.line(), revision)), options, otherwise, holds, revision))
                    .build();
        }
        TxnRequest.Builder either = TxnRequest.newBuilder()
                .addSuccess(within(firstThere(now, options, otherwise, holds).build()))
                .addAllFailure(otherwise);
        if (terms.keeps()) {
            either.addAllCompare(noCardWritten(revision));
        } else {
            either.addCompare(notWritten(layout.line(), revision)).addCompare(nothingAhead(revision));
        }
        return guarded(now).addSuccess(within(either.build())).build();
    }

    /** Of these options if nothing may have come before others; if something may, the first one if nothing came before that. */
    private RequestOp unlessAhead(
            Card now,
            List<Compare> also,
            List<Option> options,
            List<RequestOp> otherwise,
            Function<Item, Optional<Hold>> holds,
            long revision) {
        TxnRequest any = firstThere(now, options, otherwise, holds).build();
        TxnRequest.Builder first =
                options.size() == 1 ? any.toBuilder() : firstThere(now, options.subList(0, 1), otherwise, holds);
        return within(TxnRequest.newBuilder()
                .addAllCompare(also)
                .addCompare(nothingAhead(revision))
                .addSuccess(within(any))
                .addFailure(within(first.addAllCompare(also)
                        .addCompare(noneCameBefore(options.get(0).items(), revision))
                        .build()))
                .build());
    }

    /**
     * Takes the first of these items that are there, if the line is as it was; else reads the cards only, see {@link #lastChange}.
     *
     * <p>(!) All that it compares stays as it is once it has changed. So an attempt that comes in late, after one like it has done
     * nothing, does nothing either.
     */
    TxnRequest takeIfStill(Card now, List<Option> options, Function<Item, Optional<Hold>> holds, long revision) {
        List<RequestOp> otherwise = readCards();
        TxnRequest either = TxnRequest.newBuilder()
                .addCompare(notWritten(layout.line(), revision))
                .addCompare(nothingAhead(revision))
                .addSuccess(within(firstThere(now, options, otherwise, holds).build()))
                .addAllFailure(otherwise)
                .build();
        return guarded(now).addSuccess(within(either)).build();
    }

    private Compare noneCameBefore(List<Item> items, long since) {
        String last = items.get(items.size() - 1).order();
        return noneCreated(layout.items(), layout.items() + last + "/", since);
    }

    /**
     * (!) While the line is as it was, those in it take the items that are theirs, and all others take from the first one on that is
     * nobody's: so the first that are still there of these are the next.
     */
    private TxnRequest.Builder firstThere(
            Card now, List<Option> options, List<RequestOp> otherwise, Function<Item, Optional<Hold>> holds) {
        Option first = options.get(0);
        TxnRequest.Builder txn = TxnRequest.newBuilder()
                .addAllCompare(asKnown(first.items(), holds))
                .addAllSuccess(taking(first.items()))
                .addAllSuccess(put(now, first));
        return options.size() == 1
                ? txn.addAllFailure(otherwise)
                : txn.addFailure(within(firstThere(now, options.subList(1, options.size()), otherwise, holds)
                        .build()));
    }

    private static RequestOp within(TxnRequest txn) {
        return RequestOp.newBuilder().setRequestTxn(txn).build();
    }

    /**
     * What was done of several things within each other.
     *
     * @param option its number, from 0; -1 if none was
     * @param answer its part of the answer
     */
    record Picked(int option, TxnResponse answer) {}

    /** The same of a transaction that could do one thing only. */
    static Picked picked(TxnResponse answer) {
        if (!isWithin(answer)) {
            return new Picked(0, answer);
        }
        TxnResponse at = answer.getResponses(0).getResponseTxn();
        if (!isWithin(at)) {
            return new Picked(-1, at);
        }
        at = at.getResponses(0).getResponseTxn();
        int option = 0;
        while (!at.getSucceeded() && isWithin(at)) {
            at = at.getResponses(0).getResponseTxn();
            option++;
        }
        return new Picked(at.getSucceeded() ? option : -1, at);
    }

    /** When the last of all cards was written, from an answer that has them: each that takes something writes its own. */
    static long lastChange(TxnResponse cards) {
        return cards.getResponses(0).getResponseRange().getKvsList().stream()
                .mapToLong(KeyValue::getModRevision)
                .max()
                .orElse(0);
    }

    private static boolean isWithin(TxnResponse answer) {
        return answer.getResponsesCount() > 0 && answer.getResponses(0).hasResponseTxn();
    }

    /** The innermost answer: of that one of several transactions within each other which has decided. */
    static TxnResponse decided(TxnResponse answer) {
        TxnResponse one = answer;
        while (isWithin(one)) {
            one = one.getResponses(0).getResponseTxn();
        }
        return one;
    }

    /** But for its own one. */
    private List<Compare> noCardWritten(long since) {
        ByteString afterOwn = card.concat(ByteString.copyFrom(new byte[1]));
        return List.of(
                noneWritten(key(layout.cards()), card, since),
                noneWritten(afterOwn, key(QueueTxns.after(layout.cards())), since));
    }

    private static Compare noneWritten(ByteString from, ByteString to, long since) {
        return Compare.newBuilder()
                .setKey(from)
                .setRangeEnd(to)
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.LESS)
                .setModRevision(since + 1)
                .build();
    }

    private List<Compare> asKnown(List<Item> items, Function<Item, Optional<Hold>> holds) {
        List<Compare> compares = new ArrayList<>();
        for (Item item : items) {
            compares.add(QueueTxns.modified(itemKey(item), item.modified()));
            if (terms.keeps()) {
                compares.add(QueueTxns.modified(
                        holdKey(item), holds.apply(item).map(Hold::modified).orElse(0L)));
            }
        }
        return compares;
    }

    private List<RequestOp> taking(List<Item> items) {
        return items.stream()
                .flatMap(item -> (terms.keeps() ? hold(item) : remove(item)).stream())
                .toList();
    }

    private List<RequestOp> remove(Item item) {
        return List.of(RequestOp.newBuilder()
                .setRequestDeleteRange(
                        DeleteRangeRequest.newBuilder().setKey(itemKey(item)).setPrevKv(true))
                .build());
    }

    /** Writes the item again as it is, so that its version counts how often it was delivered. */
    private List<RequestOp> hold(Item item) {
        return List.of(
                read(RangeRequest.newBuilder().setKey(itemKey(item))),
                RequestOp.newBuilder()
                        .setRequestPut(
                                PutRequest.newBuilder().setKey(itemKey(item)).setIgnoreValue(true))
                        .build(),
                RequestOp.newBuilder()
                        .setRequestPut(
                                PutRequest.newBuilder().setKey(holdKey(item)).setLease(lease))
                        .build());
    }

    /** What was taken, from the answer of that transaction. */
    List<Taken> taken(List<Item> items, TxnResponse response, long revision) {
        List<Taken> taken = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            ByteString value = terms.keeps()
                    ? response.getResponses(3 * i).getResponseRange().getKvs(0).getValue()
                    : response.getResponses(i)
                            .getResponseDeleteRange()
                            .getPrevKvs(0)
                            .getValue();
            taken.add(new Taken(items.get(i), value, revision));
        }
        return taken;
    }

    /** The values of items that were taken at a revision: where they still are, or as they were before. */
    TxnRequest valuesOf(List<Item> items, long revision) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        long at = terms.keeps() ? 0 : revision - 1;
        items.forEach(item -> txn.addSuccess(
                read(RangeRequest.newBuilder().setKey(itemKey(item)).setRevision(at))));
        return txn.build();
    }

    ByteString itemKey(Item item) {
        return key(layout.items() + item.suffix());
    }

    ByteString holdKey(Item item) {
        return key(layout.holds() + item.suffix());
    }

    private static RequestOp read(RangeRequest.Builder range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }
}
