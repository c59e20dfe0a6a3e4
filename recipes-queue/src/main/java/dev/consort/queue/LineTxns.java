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
                .addSuccess(read(RangeRequest.newBuilder()
                        .setKey(key(layout.cards()))
                        .setRangeEnd(key(QueueTxns.after(layout.cards())))))
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
        return guarded(now).addSuccess(put(next)).build();
    }

    /**
     * The same, if nothing was offered since a revision that this process might have to take.
     *
     * @param segment that was the last one then, or one before; 0 if none is known
     */
    TxnRequest showIfNoneCame(Card now, Card next, long revision, long segment, long millis) {
        TxnRequest.Builder txn = guarded(now);
        if (terms.orders().isAppended()) {
            txn.addCompare(nothingAhead(revision)).addCompare(noneAppended(revision, segment));
        } else {
            txn.addCompare(noneCame(revision, millis));
        }
        return txn.addSuccess(put(next)).build();
    }

    /** Only asks that, see {@link #decided}. */
    TxnRequest noneCameSince(long revision, long segment, long millis) {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addCompare(nothingAhead(revision));
        if (terms.orders().isAppended()) {
            txn.addCompare(noneAppended(revision, segment));
        } else {
            txn.addFailure(RequestOp.newBuilder()
                    .setRequestTxn(TxnRequest.newBuilder().addCompare(noneCame(revision, millis))));
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
        return Compare.newBuilder()
                .setKey(key(layout.ahead()))
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

    private RangeRequest.Builder cardRange() {
        return RangeRequest.newBuilder().setKey(card);
    }

    private RequestOp put(Card next) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder()
                        .setKey(card)
                        .setValue(next.value())
                        .setLease(lease))
                .build();
    }

    // Taking

    /** Takes items that are this process's turn, and changes the card. */
    TxnRequest take(Card now, Card next, List<Item> items, Function<Item, Optional<Hold>> holds) {
        TxnRequest.Builder txn = guarded(now).addAllCompare(asKnown(items, holds));
        return txn.addAllSuccess(taking(items)).addSuccess(put(next)).build();
    }

    /**
     * Takes the first items if nobody stands in line for them; else goes there.
     *
     * @param taken the card if they are taken
     * @param joined the card if not
     * @param revision at which nobody was in line
     */
    TxnRequest takeOrJoin(
            Card now, Card taken, Card joined, List<Item> items, Function<Item, Optional<Hold>> holds, long revision) {
        TxnRequest free = TxnRequest.newBuilder()
                .addAllCompare(asKnown(items, holds))
                .addCompare(noneWritten(key(layout.cards()), card, revision))
                .addCompare(noneWritten(
                        card.concat(ByteString.copyFrom(new byte[1])), key(QueueTxns.after(layout.cards())), revision))
                .addAllSuccess(taking(items))
                .addSuccess(put(taken))
                .build();
        TxnRequest.Builder either = free.toBuilder();
        if (terms.keeps()) {
            either.addFailure(put(joined));
        } else {
            Compare.Builder noneBefore = created(
                            layout.items(), layout.items() + items.get(0).order() + "/")
                    .setResult(Compare.CompareResult.EQUAL)
                    .setCreateRevision(0);
            either.addCompare(nothingAhead(revision))
                    .addFailure(RequestOp.newBuilder()
                            .setRequestTxn(
                                    free.toBuilder().addCompare(noneBefore).addFailure(put(joined))));
        }
        return guarded(now)
                .addSuccess(RequestOp.newBuilder().setRequestTxn(either))
                .build();
    }

    /** The innermost answer: of that one of several transactions within each other which has decided. */
    static TxnResponse decided(TxnResponse answer) {
        TxnResponse one = answer;
        while (one.getResponsesCount() > 0 && one.getResponses(0).hasResponseTxn()) {
            one = one.getResponses(0).getResponseTxn();
        }
        return one;
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
