/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The key of one lease below a name, by which the Lock and Election services queue.
 *
 * @param prefix of all keys of the name
 * @param key this one
 * @param lease whose it is
 * @param revision that created it
 * @param existed what it was if it was there already, else null
 */
record Claim(
        ByteString prefix,
        ByteString key,
        long lease,
        long revision,
        @Nullable KeyValue existed) {
    private static final long DEFAULT_TTL = 60;

    /** Makes it, unless it is there; a lease of 0 means a new one. Under the server's lock. */
    static Claim make(Member member, Caller caller, ByteString name, long wanted, ByteString value) {
        long lease = wanted;
        if (lease == Lessor.NO_LEASE) {
            member.core().auth().checkKnown(caller);
            lease = member.core()
                    .lessor()
                    .grant(0, DEFAULT_TTL, member.core().store().revision())
                    .id();
        }
        ByteString prefix = name.concat(ByteString.copyFromUtf8("/"));
        String suffix = lease < 0
                ? "-" + Long.toHexString(-lease)
                : Long.toHexString(lease).toLowerCase(Locale.ROOT);
        ByteString key = prefix.concat(ByteString.copyFromUtf8(suffix));
        KeyValue existed = member.kv().find(key);
        if (existed != null) {
            member.core().auth().checkRange(caller, key, ByteString.EMPTY);
            return new Claim(prefix, key, lease, existed.getCreateRevision(), existed);
        }
        var unused = member.kv()
                .put(
                        caller,
                        PutRequest.newBuilder()
                                .setKey(key)
                                .setValue(value)
                                .setLease(lease)
                                .build());
        return new Claim(prefix, key, lease, member.core().store().revision(), null);
    }

    /** Deletes it, if it is still this one. */
    void delete(Member member) {
        KeyValue now = member.kv().find(key);
        if (now != null && now.getCreateRevision() == revision) {
            WriteTxn txn = member.core().begin();
            txn.delete(KeyRange.key(key));
            member.core().commit(txn);
        }
    }
}
