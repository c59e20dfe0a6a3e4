/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.SnapshotReads;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * What makes a root what it was. Only keys that were written or deleted since are read, and of these only what differs is
 * written; that all others are as they were found is a condition. Immutable.
 */
final class RollBack {
    /** Keys whose values are read at once, those of then and of now: each may have 1.5 MiB. */
    private static final int AT_ONCE = 32;

    private final WriterKeys keys;
    private final RootKeys now;
    private final RootKeys then;
    private final Set<ByteString> touched;

    /** Throws if etcd would not take it. */
    RollBack(WriterKeys keys, RootKeys now, RootKeys then) {
        this.keys = keys;
        this.now = now;
        this.then = then;
        this.touched = then.differentFrom(now);
        Draft.checkWrites(keys.root(), touched.size(), true);
    }

    /** To which it goes back. */
    long revision() {
        return then.revision();
    }

    /** At which it was looked what is there. */
    long seen() {
        return now.revision();
    }

    Draft draft(Map<ByteString, Optional<ByteString>> writes, Draft.Entry entry) {
        return new Draft(keys, writes, List.of(), now.revision(), now.inOrder(writes.keySet()), entry);
    }

    /** What is to be written, none of it if everything is as it was then; fails if it is more than etcd takes. */
    CompletableFuture<Map<ByteString, Optional<ByteString>>> writes() {
        Map<ByteString, Optional<ByteString>> writes = new LinkedHashMap<>();
        touched.stream()
                .filter(name -> !then.written().containsKey(name))
                .forEach(name -> writes.put(name, Optional.empty()));
        return read(touched.stream().filter(then.written()::containsKey).toList(), writes, 0);
    }

    private CompletableFuture<Map<ByteString, Optional<ByteString>>> read(
            List<ByteString> left, Map<ByteString, Optional<ByteString>> writes, long bytes) {
        if (bytes > Draft.MAX_BYTES) {
            return CompletableFuture.failedFuture(Draft.tooManyBytes(
                    keys.root(),
                    "values of " + bytes + " bytes to put back",
                    "put some back by a change of their own first"));
        }
        if (left.isEmpty()) {
            return CompletableFuture.completedFuture(writes);
        }
        List<ByteString> names = left.subList(0, Math.min(AT_ONCE, left.size()));
        TxnRequest.Builder reads = TxnRequest.newBuilder();
        names.forEach(name -> reads.addSuccess(value(name, then)).addSuccess(value(name, now)));
        return SnapshotReads.send(keys.store().connection(), reads.build()).thenCompose(answer -> {
            long sum = bytes + take(names, answer, writes);
            return read(left.subList(names.size(), left.size()), writes, sum);
        });
    }

    private RequestOp value(ByteString name, RootKeys at) {
        return RequestOp.newBuilder()
                .setRequestRange(
                        RangeRequest.newBuilder().setKey(keys.setting(name)).setRevision(at.revision()))
                .build();
    }

    private static long take(List<ByteString> names, TxnResponse answer, Map<ByteString, Optional<ByteString>> writes) {
        long bytes = 0;
        for (int i = 0; i < names.size(); i++) {
            ByteString before =
                    answer.getResponses(2 * i).getResponseRange().getKvs(0).getValue();
            RangeResponse there = answer.getResponses(2 * i + 1).getResponseRange();
            if (there.getKvsCount() == 0 || !there.getKvs(0).getValue().equals(before)) {
                writes.put(names.get(i), Optional.of(before));
                bytes += before.size();
            }
        }
        return bytes;
    }
}
