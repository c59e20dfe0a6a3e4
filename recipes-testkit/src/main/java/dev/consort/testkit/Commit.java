/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.internal.CommitLog;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import java.util.List;

/**
 * One revision that an {@link EmbeddedEtcd} has made.
 *
 * @param restores how often it had gone back to an earlier revision before
 * @param revision its number
 * @param changes what it changed, in order
 */
public record Commit(int restores, long revision, List<Change> changes) {
    /**
     * One change of one key.
     *
     * @param key the key
     * @param deleted whether it was deleted, else it was put
     * @param value its value, empty if it was deleted
     * @param created its create revision, 0 if it was deleted
     * @param version how often it had been put since, 0 if it was deleted
     * @param lease its lease, 0 if it has none
     */
    public record Change(
            ByteSequence key, boolean deleted, ByteSequence value, long created, long version, long lease) {
        private static Change of(Event event) {
            KeyValue kv = event.getKv();
            return new Change(
                    ByteSequence.from(kv.getKey()),
                    event.getType() == Event.EventType.DELETE,
                    ByteSequence.from(kv.getValue()),
                    kv.getCreateRevision(),
                    kv.getVersion(),
                    kv.getLease());
        }
    }

    static Commit of(CommitLog.Entry entry) {
        return new Commit(
                entry.restores(),
                entry.revision(),
                entry.events().stream().map(Change::of).toList());
    }
}
