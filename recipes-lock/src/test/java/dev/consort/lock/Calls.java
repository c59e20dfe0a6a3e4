/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchResponse;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The calls in which a step of the protocol is taken, for faults to strike. */
final class Calls {
    private Calls() {}

    /** The transaction that puts a claim. */
    static CallMatcher acquiring(String claim) {
        return txn(op -> op.hasRequestPut() && is(op.getRequestPut().getKey(), claim));
    }

    /** The transactions that delete a claim, whichever form they have. */
    static CallMatcher releasing(String claim) {
        return txn(op ->
                op.hasRequestDeleteRange() && is(op.getRequestDeleteRange().getKey(), claim));
    }

    /** The message from the server that a key was deleted. */
    static CallMatcher toldOfDeletion(String key) {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        response -> response.getEventsList().stream()
                                .anyMatch(event -> event.getType() == EventType.DELETE
                                        && is(event.getKv().getKey(), key)));
    }

    /** The same of any key below a name. */
    static CallMatcher toldOfADeletionBelow(String name) {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        response -> response.getEventsList().stream()
                                .anyMatch(event -> event.getType() == EventType.DELETE
                                        && event.getKv().getKey().toStringUtf8().startsWith(name + "/")));
    }

    /** The message from the server that a key was put. */
    static CallMatcher toldOfWrite(String key) {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        response -> response.getEventsList().stream()
                                .anyMatch(event -> event.getType() == EventType.PUT
                                        && is(event.getKv().getKey(), key)));
    }

    /** The message from the server that a mailbox was written to. */
    static CallMatcher toldOfMail() {
        return CallMatcher.method("Watch/Watch")
                .when(
                        WatchResponse.class,
                        response -> response.getEventsList().stream()
                                .anyMatch(event -> event.getType() == EventType.PUT
                                        && event.getKv().getKey().toStringUtf8().endsWith("/mail")));
    }

    private static CallMatcher txn(Predicate<RequestOp> operation) {
        return CallMatcher.method("KV/Txn")
                .when(TxnRequest.class, txn -> txn.getSuccessList().stream().anyMatch(operation));
    }

    private static boolean is(ByteString key, String text) {
        return key.toStringUtf8().equals(text);
    }

    /** The operations of a transaction, those of transactions within it included. */
    static List<RequestOp> operations(TxnRequest txn) {
        return Stream.concat(txn.getSuccessList().stream(), txn.getFailureList().stream())
                .flatMap(op -> op.hasRequestTxn() ? operations(op.getRequestTxn()).stream() : Stream.of(op))
                .toList();
    }
}
