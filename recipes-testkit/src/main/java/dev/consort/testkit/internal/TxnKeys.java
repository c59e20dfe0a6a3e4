/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.RequestOp;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The keys that one branch of a transaction writes. A key may be put once only, and not when a delete covers it; as in
 * etcd, a sibling that deletes what an earlier sibling puts goes unnoticed, and so does a delete from a key on.
 */
final class TxnKeys {
    private record Deletion(ByteString begin, ByteString end) {
        static Deletion of(DeleteRangeRequest request) {
            return request.getRangeEnd().isEmpty()
                    ? new Deletion(request.getKey(), request.getKey().concat(ByteString.copyFrom(new byte[1])))
                    : new Deletion(request.getKey(), request.getRangeEnd());
        }

        boolean covers(ByteString key) {
            return KeyRange.ORDER.compare(key, begin) >= 0 && KeyRange.ORDER.compare(key, end) < 0;
        }
    }

    private final Set<ByteString> puts = new HashSet<>();
    private final List<Deletion> deletions = new ArrayList<>();

    private TxnKeys() {}

    static void check(List<RequestOp> branch) {
        if (branch.size() > 1 || (branch.size() == 1 && branch.get(0).hasRequestTxn())) {
            of(branch);
        }
    }

    private static TxnKeys of(List<RequestOp> branch) {
        TxnKeys keys = new TxnKeys();
        for (RequestOp op : branch) {
            if (op.hasRequestDeleteRange()) {
                keys.deletions.add(Deletion.of(op.getRequestDeleteRange()));
            }
        }
        for (RequestOp op : branch) {
            if (op.hasRequestTxn()) {
                keys.addNested(
                        of(op.getRequestTxn().getSuccessList()),
                        of(op.getRequestTxn().getFailureList()));
            }
        }
        for (RequestOp op : branch) {
            if (op.hasRequestPut()) {
                keys.addPut(op.getRequestPut().getKey(), Set.of());
            }
        }
        return keys;
    }

    /** Of the two branches only one is taken, so both may put the same key. */
    private void addNested(TxnKeys success, TxnKeys failure) {
        success.puts.forEach(key -> addPut(key, Set.of()));
        failure.puts.forEach(key -> addPut(key, success.puts));
        deletions.addAll(success.deletions);
        deletions.addAll(failure.deletions);
    }

    private void addPut(ByteString key, Set<ByteString> allowed) {
        boolean again = puts.contains(key) && !allowed.contains(key);
        if (again || deletions.stream().anyMatch(deletion -> deletion.covers(key))) {
            throw EtcdError.DUPLICATE_KEY.failure();
        }
        puts.add(key);
    }
}
