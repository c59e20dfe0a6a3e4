/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of one key, in the order of revisions. Confined to the server's lock. */
final class KeyHistory {
    /** What the key was from a revision on: a value, or deleted. */
    record Version(long revision, @Nullable KeyValue kv) {}

    final ByteString key;
    private final List<Version> versions = new ArrayList<>(2);

    KeyHistory(ByteString key) {
        this.key = key;
    }

    void add(Version version) {
        versions.add(version);
    }

    @Nullable
    KeyValue latest() {
        return versions.isEmpty() ? null : versions.get(versions.size() - 1).kv();
    }

    /** The key at a revision, with all that was written in it; null if it was absent. */
    @Nullable
    KeyValue at(long revision) {
        int last = versions.size() - 1;
        if (last >= 0 && versions.get(last).revision() <= revision) {
            return versions.get(last).kv();
        }
        int index = firstAfter(revision) - 1;
        return index < 0 ? null : versions.get(index).kv();
    }

    private int firstAfter(long revision) {
        int low = 0;
        int high = versions.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (versions.get(middle).revision() <= revision) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Forgets what is not needed for reads at the revision or later; whether nothing is left. */
    boolean compact(long revision) {
        int keep = firstAfter(revision) - 1;
        if (keep >= 0 && versions.get(keep).kv() == null) {
            keep++;
        }
        if (keep > 0) {
            versions.subList(0, keep).clear();
        }
        return versions.isEmpty();
    }

    /** Forgets what came after a revision; whether nothing is left. */
    boolean truncate(long revision) {
        int first = firstAfter(revision);
        versions.subList(first, versions.size()).clear();
        return versions.isEmpty();
    }
}
