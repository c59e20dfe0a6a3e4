/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.function.Predicate;

/** Which transactions of a job a fault is for. */
final class Writes {
    private Writes() {}

    /** Those that say what a leader begins, and what has ended. */
    static CallMatcher ofStates() {
        return which(op ->
                op.hasRequestPut() && op.getRequestPut().getKey().toStringUtf8().endsWith("/job/state"));
    }

    /** Those that claim the leadership. */
    static CallMatcher ofClaims() {
        return which(op ->
                op.hasRequestPut() && op.getRequestPut().getKey().toStringUtf8().contains("/leader/"));
    }

    /** Those that give it back. */
    static CallMatcher ofResignations() {
        return which(op -> op.hasRequestDeleteRange()
                && op.getRequestDeleteRange().getKey().toStringUtf8().contains("/leader/"));
    }

    private static CallMatcher which(Predicate<RequestOp> write) {
        return CallMatcher.method("KV/Txn")
                .when(TxnRequest.class, txn -> txn.getSuccessList().stream().anyMatch(write));
    }
}
