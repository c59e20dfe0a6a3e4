/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a writer wants of etcd in one transaction, and how etcd's limits are kept. Immutable.
 *
 * <p>A comparison of a range holds if it does so for each key that is in it now, so it tells of what was written since, not of
 * what was deleted. That the head tells, which every change of a writer puts; and, of single keys, their own comparisons.
 *
 * @param writes the values by name, none for what is deleted
 * @param expectations of single names
 * @param base since when nothing of the root must have changed; 0: that does not matter
 * @param known keys and their revisions at the base; as many as fit are compared, the first ones first. Empty if they are not
 *     known
 * @param entry says who and why, if asked for
 */
record Draft(
        WriterKeys keys,
        Map<ByteString, Optional<ByteString>> writes,
        List<Expectation> expectations,
        long base,
        Map<ByteString, Long> known,
        @Nullable Entry entry) {
    private static final int MAX_OPERATIONS_OF_ETCD = 128;
    private static final int MAX_COMPARISONS = MAX_OPERATIONS_OF_ETCD - 1; // the receipt has one
    private static final int COMPARISONS_OF_BASE = 2;

    /** 1.5 MiB, less what the receipt and etcd's own envelope take. */
    static final int MAX_BYTES = 1536 * 1024 - 2048;

    /** An audit entry, and its key. */
    record Entry(ByteString key, AuditEntry audit) {}

    /** What to send; throws if etcd would not take it. */
    TxnRequest request() {
        checkWrites(keys.root(), writes.size(), entry != null);
        checkExpectations();
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (Expectation each : expectations) {
            ByteString key = keys.setting(ByteString.copyFromUtf8(each.name()));
            txn.addCompare(each.compare(key)).addFailure(read(key));
        }
        if (base != 0) {
            txn.addCompare(unchanged(keys.head()))
                    .addCompare(unchanged(keys.settings()).setRangeEnd(keys.settingsEnd()));
        }
        known.entrySet().stream()
                .limit(MAX_COMPARISONS - txn.getCompareCount())
                .forEach(key ->
                        txn.addCompare(compare(keys.setting(key.getKey()), CompareResult.EQUAL, key.getValue())));
        writes.forEach((name, value) -> txn.addSuccess(write(keys.setting(name), value)));
        txn.addSuccess(put(keys.head(), ByteString.EMPTY));
        if (entry != null) {
            txn.addSuccess(put(entry.key, AuditText.of(entry.audit)));
        }
        TxnRequest request = txn.build();
        checkSize(request.getSerializedSize());
        return request;
    }

    private Compare.Builder unchanged(ByteString key) {
        return compare(key, CompareResult.LESS, base + 1);
    }

    private static Compare.Builder compare(ByteString key, CompareResult result, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(CompareTarget.MOD)
                .setResult(result)
                .setModRevision(revision);
    }

    private static RequestOp read(ByteString key) {
        return RequestOp.newBuilder()
                .setRequestRange(RangeRequest.newBuilder().setKey(key))
                .build();
    }

    private static RequestOp write(ByteString key, Optional<ByteString> value) {
        return value.map(bytes -> put(key, bytes))
                .orElseGet(() -> RequestOp.newBuilder()
                        .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key))
                        .build());
    }

    private static RequestOp put(ByteString key, ByteString value) {
        return RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder().setKey(key).setValue(value))
                .build();
    }

    // What etcd takes

    static void checkWrites(String root, int names, boolean audited) {
        int own = audited ? 3 : 2; // the receipt, the head, the entry
        int most = MAX_OPERATIONS_OF_ETCD - own;
        if (names > most) {
            throw new ChangeTooLargeException(
                    root,
                    names + " keys to write and delete, more than " + most + ": etcd takes " + MAX_OPERATIONS_OF_ETCD
                            + " operations at once, and the writer needs " + own
                            + " for itself; nothing was written: change fewer keys at once");
        }
    }

    private void checkExpectations() {
        int own = base == 0 ? 1 : 1 + COMPARISONS_OF_BASE;
        int most = MAX_OPERATIONS_OF_ETCD - own;
        if (expectations.size() > most) {
            throw new ChangeTooLargeException(
                    keys.root(),
                    expectations.size() + " expectations, more than " + most + ": etcd takes " + MAX_OPERATIONS_OF_ETCD
                            + " comparisons at once, and the writer needs " + own
                            + " for itself; nothing was written: expect less, or give basedOn");
        }
    }

    private void checkSize(int bytes) {
        if (bytes > MAX_BYTES) {
            Map.Entry<ByteString, Optional<ByteString>> largest =
                    Collections.max(writes.entrySet(), Comparator.comparingInt(Draft::size));
            throw tooManyBytes(
                    keys.root(),
                    "a request of " + bytes + " bytes",
                    "the largest value is that of '" + largest.getKey().toStringUtf8() + "' with " + size(largest));
        }
    }

    static ChangeTooLargeException tooManyBytes(String root, String what, String detail) {
        return new ChangeTooLargeException(
                root,
                what + ", more than " + MAX_BYTES + ": etcd takes 1.5 MiB at once; nothing was written: " + detail);
    }

    private static int size(Map.Entry<ByteString, Optional<ByteString>> write) {
        return write.getValue().map(ByteString::size).orElse(0);
    }

    // What became of it

    /** Which expectations of single names did not hold. */
    List<WriteConflict> missed(Outcome refused) {
        return IntStream.range(0, expectations.size())
                .mapToObj(i -> expectations.get(i).missed(refused.found(i)))
                .flatMap(Optional::stream)
                .toList();
    }
}
