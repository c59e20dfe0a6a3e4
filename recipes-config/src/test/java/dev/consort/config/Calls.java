/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;

/** The calls that faults are to strike. */
final class Calls {
    private Calls() {}

    /** The transactions that put a key. */
    static CallMatcher putting(String key) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut()
                                        .getKey()
                                        .toStringUtf8()
                                        .equals(key)));
    }

    /** The transactions that delete a key. */
    static CallMatcher deleting(String key) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestDeleteRange()
                                        .getKey()
                                        .toStringUtf8()
                                        .equals(key)));
    }
}
