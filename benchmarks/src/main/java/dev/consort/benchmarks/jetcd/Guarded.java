/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks.jetcd;

import static dev.consort.benchmarks.jetcd.LeasedClient.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;

/** Conditions and operations that several algorithms are made of. */
public final class Guarded {
    private Guarded() {}

    /** The key is absent. */
    public static Cmp absent(ByteSequence key) {
        return created(key, 0);
    }

    /** The key is the one that was created at that revision. */
    public static Cmp created(ByteSequence key, long revision) {
        return new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(revision));
    }

    public static Op.DeleteOp delete(ByteSequence key) {
        return Op.delete(key, DeleteOption.DEFAULT);
    }

    /** A prefix's key that was created first: etcd sorts all of them to find it. */
    public static GetOption firstCreated() {
        return byCreation(GetOption.SortOrder.ASCEND, 0);
    }

    /** A prefix's key that was created last, up to a revision. */
    public static GetOption lastCreated(long upTo) {
        return byCreation(GetOption.SortOrder.DESCEND, upTo);
    }

    private static GetOption byCreation(GetOption.SortOrder order, long upTo) {
        return GetOption.builder()
                .isPrefix(true)
                .withSortField(GetOption.SortTarget.CREATE)
                .withSortOrder(order)
                .withMaxCreateRevision(upTo)
                .withLimit(1)
                .build();
    }

    /** A participant's own key below a prefix, as Go's package names it. */
    public static ByteSequence ownKey(String prefix, long lease) {
        return bytes(prefix + "/" + Long.toHexString(lease));
    }
}
