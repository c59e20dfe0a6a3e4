/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Keys and prefixes as they were read: what a transaction has read, or what was read ahead for it. Keys without the namespace,
 * in the order in which they came. Confined to its attempt.
 */
final class Contents {
    private final Map<ByteString, Version> keys = new LinkedHashMap<>();
    private final Map<ByteString, Prefix> prefixes = new LinkedHashMap<>();
    private final Map<ByteString, Long> readAt = new HashMap<>();

    /**
     * A prefix as it was read.
     *
     * @param revision of the store, as of which it is complete
     * @param found every key, in order
     */
    record Prefix(long revision, NavigableMap<ByteString, Version> found) {}

    /** A key as it was read first, or as a prefix that was read tells; null if it is not known. */
    @Nullable
    Version version(ByteString key) {
        Version version = keys.get(key);
        return version == null && isInside(key) ? Version.ABSENT : version;
    }

    /** Whether a prefix that was read takes a key in. */
    boolean isInside(ByteString key) {
        return prefixes.keySet().stream().anyMatch(key::startsWith);
    }

    @Nullable
    Prefix prefix(ByteString prefix) {
        return prefixes.get(prefix);
    }

    /** When a key was read that is known. */
    long readAt(ByteString key) {
        Long revision = readAt.get(key);
        if (revision != null) {
            return revision;
        }
        return prefixes.entrySet().stream()
                .filter(prefix -> key.startsWith(prefix.getKey()))
                .mapToLong(prefix -> prefix.getValue().revision())
                .findFirst()
                .orElse(0);
    }

    /** Takes a key in, as it was at a revision; one that is known stays as it was read first. */
    void add(ByteString key, Version version, long revision) {
        if (keys.putIfAbsent(key, version) == null) {
            readAt.put(key, revision);
        }
    }

    /** Takes a prefix in, and its keys; those that are known stay as they were read first, in it too. */
    void add(ByteString prefix, Prefix read) {
        read.found().replaceAll((key, version) -> {
            Version before = keys.get(key);
            return before == null ? version : before;
        });
        keys.forEach((key, version) -> {
            if (key.startsWith(prefix) && version.value() != null) {
                read.found().putIfAbsent(key, version);
            }
        });
        read.found().values().removeIf(version -> version.value() == null);
        read.found().forEach((key, version) -> add(key, version, read.revision()));
        prefixes.putIfAbsent(prefix, read);
    }

    Map<ByteString, Version> keys() {
        return keys;
    }

    Map<ByteString, Prefix> prefixes() {
        return prefixes;
    }

    /** The latest revision as of which anything was read; 0 if nothing was. */
    long latest() {
        return revisions().max().orElse(0);
    }

    /** Whether all of it was so at one time. */
    boolean isOfOneRevision() {
        return revisions().distinct().count() <= 1;
    }

    private LongStream revisions() {
        return LongStream.concat(
                readAt.values().stream().mapToLong(Long::longValue),
                prefixes.values().stream().mapToLong(Prefix::revision));
    }
}
