/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Which names a root had at a revision of the store, each with the revision that wrote it: equal ones have the same value.
 * Immutable.
 */
record RootKeys(long revision, Map<ByteString, Long> written) {
    private static final int PAGE = 1_000;
    private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

    /** What was written or deleted between this and another revision of the same root: in the order of this one, then the other. */
    Set<ByteString> differentFrom(RootKeys other) {
        Set<ByteString> names = new LinkedHashSet<>(written.keySet());
        names.addAll(other.written.keySet());
        names.removeIf(name -> written.containsKey(name) && written.get(name).equals(other.written.get(name)));
        return names;
    }

    /** Reads them in pages at one revision, without the values; the present one for 0. */
    static CompletableFuture<RootKeys> at(WriterKeys keys, long revision) {
        return new Reading(keys, revision).from(keys.settings());
    }

    /** One request at a time. */
    private static final class Reading {
        private final WriterKeys keys;
        private final Map<ByteString, Long> written = new LinkedHashMap<>();
        private long revision;

        Reading(WriterKeys keys, long revision) {
            this.keys = keys;
            this.revision = revision;
        }

        CompletableFuture<RootKeys> from(ByteString key) {
            RangeRequest page = RangeRequest.newBuilder()
                    .setKey(key)
                    .setRangeEnd(keys.settingsEnd())
                    .setRevision(revision)
                    .setLimit(PAGE)
                    .setKeysOnly(true)
                    .build();
            return keys.store().range(page).thenCompose(this::read);
        }

        private CompletableFuture<RootKeys> read(RangeResponse page) {
            if (revision == 0) {
                revision = page.getHeader().getRevision(); // those of later pages tell what is current by then
            }
            for (KeyValue kv : page.getKvsList()) {
                written.put(keys.name(kv.getKey()), kv.getModRevision());
            }
            return page.getMore() && page.getKvsCount() > 0
                    ? from(page.getKvs(page.getKvsCount() - 1).getKey().concat(ZERO))
                    : CompletableFuture.completedFuture(new RootKeys(revision, Collections.unmodifiableMap(written)));
        }
    }

    /** The names that differ first, then the others. */
    Map<ByteString, Long> inOrder(Set<ByteString> first) {
        Map<ByteString, Long> ordered = new LinkedHashMap<>();
        first.forEach(name -> {
            Long revisionOfName = written.get(name);
            if (revisionOfName != null) {
                ordered.put(name, revisionOfName);
            }
        });
        written.forEach(ordered::putIfAbsent);
        return ordered;
    }
}
