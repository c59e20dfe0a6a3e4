/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.KeyValue;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes of one revision. It must not fail once it has begun, so everything is checked before. Confined to the server's
 * lock, which is held from its beginning to its end.
 */
final class WriteTxn {
    private final MvccStore store;
    private final Lessor lessor;
    private final long begin;
    private final List<Event> changes = new ArrayList<>(2);

    WriteTxn(MvccStore store, Lessor lessor) {
        this.store = store;
        this.lessor = lessor;
        this.begin = store.revision();
    }

    /** What a read in this transaction is current at. */
    long revision() {
        return changes.isEmpty() ? begin : begin + 1;
    }

    /** The revision that a put answers. */
    long put(ByteString key, ByteString value, long lease) {
        KeyValue before = store.latest(key);
        long made = begin + 1;
        KeyValue kv = KeyValue.newBuilder()
                .setKey(key)
                .setValue(value)
                .setCreateRevision(before == null ? made : before.getCreateRevision())
                .setModRevision(made)
                .setVersion(before == null ? 1 : before.getVersion() + 1)
                .setLease(lease)
                .build();
        store.append(key, kv);
        changes.add(Event.newBuilder().setType(EventType.PUT).setKv(kv).build());
        lessor.move(key, lease);
        return made;
    }

    long delete(KeyRange range) {
        List<ByteString> keys = store.keys(range);
        for (ByteString key : keys) {
            store.append(key, null);
            changes.add(Event.newBuilder()
                    .setType(EventType.DELETE)
                    .setKv(KeyValue.newBuilder().setKey(key).setModRevision(begin + 1))
                    .build());
            lessor.move(key, Lessor.NO_LEASE);
        }
        return keys.size();
    }

    /** Makes the revision if anything was written; its events, none if nothing was. */
    List<Event> end() {
        if (!changes.isEmpty()) {
            store.commit(changes);
        }
        return changes;
    }
}
