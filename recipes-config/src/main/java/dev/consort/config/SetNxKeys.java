/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The layout: {@code <name>} with the user's value as it is, so that other clients and etcdctl can take part, and {@code
 * <name>/owner} with the owner, put in the same transaction. An owner that was not put with the value, and a value that was
 * written over since, are somebody else's.
 *
 * @param name as the user knows it
 */
record SetNxKeys(String name) {
    String ownerName() {
        return name + "/owner";
    }

    ByteString value() {
        return ByteString.copyFromUtf8(name);
    }

    ByteString owner() {
        return ByteString.copyFromUtf8(ownerName());
    }

    /** Puts both if the value is absent; else reads both. */
    TxnRequest set(Store store, ByteString text, String by, long lease) {
        return TxnRequest.newBuilder()
                .addCompare(Compare.newBuilder()
                        .setKey(store.key(value()))
                        .setTarget(CompareTarget.CREATE)
                        .setResult(CompareResult.EQUAL)
                        .setCreateRevision(0))
                .addSuccess(put(store.key(value()), text, lease))
                .addSuccess(put(store.key(owner()), ByteString.copyFromUtf8(by), lease))
                .addFailure(read(store.key(value())))
                .addFailure(read(store.key(owner())))
                .build();
    }

    /** Deletes both if they are as that owner put them at that revision. */
    TxnRequest delete(Store store, String by, long revision) {
        return TxnRequest.newBuilder()
                .addCompare(isOf(revision, store.key(value())))
                .addCompare(isOf(revision, store.key(owner())))
                .addCompare(Compare.newBuilder()
                        .setKey(store.key(owner()))
                        .setTarget(CompareTarget.VALUE)
                        .setResult(CompareResult.EQUAL)
                        .setValue(ByteString.copyFromUtf8(by)))
                .addSuccess(delete(store.key(value())))
                .addSuccess(delete(store.key(owner())))
                .build();
    }

    private static Compare isOf(long revision, ByteString key) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(CompareTarget.MOD)
                .setResult(CompareResult.EQUAL)
                .setModRevision(revision)
                .build();
    }

    private static RequestOp put(ByteString key, ByteString text, long lease) {
        return RequestOp.newBuilder()
                .setRequestPut(
                        PutRequest.newBuilder().setKey(key).setValue(text).setLease(lease))
                .build();
    }

    private static RequestOp read(ByteString key) {
        return RequestOp.newBuilder()
                .setRequestRange(RangeRequest.newBuilder().setKey(key))
                .build();
    }

    private static RequestOp delete(ByteString key) {
        return RequestOp.newBuilder()
                .setRequestDeleteRange(
                        DeleteRangeRequest.newBuilder().setKey(key).setPrevKv(true))
                .build();
    }

    /** Whether nobody has written over a value since it was put with this create revision; then both are the same. */
    static boolean isUntouched(Entry value) {
        return value.modRevision() == value.createRevision();
    }

    /** Who put the value, if that is known. */
    static Optional<String> ownerOf(Entry value, @Nullable Entry owner) {
        return owner != null && isUntouched(value) && owner.modRevision() == value.createRevision()
                ? Optional.of(owner.value().toStringUtf8())
                : Optional.empty();
    }
}
