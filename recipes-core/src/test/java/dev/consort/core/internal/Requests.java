/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.util.function.Predicate;

/** Which of the engine's requests a fault is to strike. */
final class Requests {
    private Requests() {}

    /** Transactions that put a claim of a name. */
    static CallMatcher acquireOf(String name) {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(op -> op.getRequestPut().getKey().toStringUtf8().startsWith(name + "/")));
    }

    /** Transactions that delete a claim of a name, in either form. */
    static CallMatcher releaseOf(String name) {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(
                        op -> op.getRequestDeleteRange().getKey().toStringUtf8().startsWith(name + "/")));
    }

    /** Transactions that only read, without a condition, claims of a name. */
    static CallMatcher readingOf(String name) {
        return txn(request -> request.getCompareCount() == 0
                && request.getSuccessCount() > 0
                && request.getSuccessList().stream()
                        .allMatch(op ->
                                op.getRequestRange().getKey().toStringUtf8().startsWith(name + "/")));
    }

    /** Transactions that put a key on a condition: guarded writes. */
    static CallMatcher putOf(String key) {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(op -> op.getRequestPut().getKey().toStringUtf8().equals(key)));
    }

    /** Transactions that put a mailbox, also within a release. */
    static CallMatcher tells() {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(op -> isMail(op)
                        || op.getRequestTxn().getSuccessList().stream().anyMatch(Requests::isMail)));
    }

    private static boolean isMail(RequestOp op) {
        return op.getRequestPut().getKey().toStringUtf8().endsWith("/mail")
                && !op.getRequestPut().getValue().isEmpty();
    }

    /** Whether a transaction is the one that fences late attempts off. */
    static CallMatcher fences() {
        return txn(request -> request.getCompareCount() == 0
                && request.getSuccessList().stream()
                        .anyMatch(
                                op -> op.getRequestPut().getKey().toStringUtf8().endsWith("/fence")));
    }

    private static CallMatcher txn(Predicate<TxnRequest> which) {
        return CallMatcher.method("KV/Txn").when(TxnRequest.class, which);
    }

    /** Renewals of leases. */
    static CallMatcher renewals() {
        return CallMatcher.method("Lease/LeaseKeepAlive");
    }

    /** Batches of events that a watch delivers. */
    static CallMatcher events() {
        return CallMatcher.method("Watch/Watch").when(WatchResponse.class, response -> response.getEventsCount() > 0);
    }

    /** Batches with an event of a key that ends so. */
    static CallMatcher eventsOf(String end) {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        response -> response.getEventsList().stream()
                                .anyMatch(event ->
                                        event.getKv().getKey().toStringUtf8().endsWith(end)));
    }
}
