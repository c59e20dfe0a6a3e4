/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.stream.Stream;

/** The requests by which processes stand in line and take, for faults. */
final class LineRequests {
    private LineRequests() {}

    /** Those that remove items of a queue. */
    static CallMatcher takesOf(String name) {
        return txns(name, true);
    }

    /** Those that change a card of a queue, and remove nothing. */
    static CallMatcher cardsOf(String name) {
        return txns(name, false);
    }

    /** Both. */
    static CallMatcher changesOf(String name) {
        return CallMatcher.method("KV/Txn").when(TxnRequest.class, txn -> putsCard(txn, name));
    }

    /** Those by which a queue is read from its beginning. */
    static CallMatcher readingOf(String name) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getCompareCount() == 0
                                && txn.getSuccessList().stream()
                                        .anyMatch(op -> op.getRequestRange()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(name + "/q/w/")));
    }

    private static CallMatcher txns(String name, boolean take) {
        return CallMatcher.method("KV/Txn")
                .when(TxnRequest.class, txn -> putsCard(txn, name) && removesItem(txn, name) == take);
    }

    private static boolean putsCard(TxnRequest txn, String name) {
        return written(txn)
                .anyMatch(op -> op.getRequestPut().getKey().toStringUtf8().startsWith(name + "/q/w/"));
    }

    private static boolean removesItem(TxnRequest txn, String name) {
        return written(txn)
                .anyMatch(
                        op -> op.getRequestDeleteRange().getKey().toStringUtf8().startsWith(name + "/q/i/"));
    }

    /** What a transaction writes if all goes well, also within another one. */
    static Stream<RequestOp> written(TxnRequest txn) {
        return txn.getSuccessList().stream()
                .flatMap(op -> op.hasRequestTxn() ? written(op.getRequestTxn()) : Stream.of(op));
    }
}
