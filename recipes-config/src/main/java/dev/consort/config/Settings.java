/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Codecs;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a root as they stand in etcd, decoded once each, and what of them is in effect: of a key that several levels
 * have, the last level's. A value that cannot be decoded spoils the whole only while it is in effect. Not thread-safe.
 */
final class Settings<V> {
    private final String root;
    private final List<String> levels; // lowest first, each empty or with a trailing slash
    private final Codec<V> codec;
    private final List<Map<String, Value<V>>> written;
    private final TreeMap<String, V> effective = new TreeMap<>();
    private final TreeMap<String, InvalidConfigException> undecodable = new TreeMap<>();

    record Value<V>(
            ByteString bytes, @Nullable V decoded, @Nullable RecipeException failure) {}

    /** Where a key belongs. */
    record Place(int level, String name) {}

    /**
     * None yet.
     *
     * @param root with a trailing slash, or a single key
     */
    Settings(String root, List<String> levels, Codec<V> codec) {
        this.root = root;
        this.levels = levels;
        this.codec = codec;
        this.written = levels.stream()
                .<Map<String, Value<V>>>map(level -> new HashMap<>())
                .toList();
    }

    /** A key that was written, or deleted: then without a value. Null for a place: it is of no level. */
    record Written<V>(@Nullable Place place, @Nullable Value<V> value) {}

    /**
     * Decodes what was written, which is the user's code: not to be called under a lock. Depends on nothing that was set.
     *
     * @param bytes null if it was deleted
     */
    Written<V> decoded(ByteString key, @Nullable ByteString bytes) {
        Optional<Place> place = key.isValidUtf8() ? place(key.toStringUtf8()) : Optional.empty(); // else it has no name
        return place.isEmpty()
                ? new Written<>(null, null)
                : new Written<>(place.get(), bytes == null ? null : value(key, bytes));
    }

    /**
     * A key was written or deleted.
     *
     * @return its name within its level, if it is of one and what is in effect may have changed
     */
    Optional<String> set(Written<V> written) {
        Place place = written.place;
        Value<V> value = written.value;
        if (place == null) {
            return Optional.empty();
        }
        Map<String, Value<V>> level = this.written.get(place.level);
        Value<V> before = value == null ? level.remove(place.name) : level.put(place.name, value);
        if (value == null ? before == null : before != null && before.bytes.equals(value.bytes)) {
            return Optional.empty();
        }
        putIntoEffect(place.name);
        return Optional.of(place.name);
    }

    /** Decodes and sets in one. */
    Optional<String> set(ByteString key, @Nullable ByteString bytes) {
        return set(decoded(key, bytes));
    }

    private Optional<Place> place(String key) {
        if (!key.startsWith(root)) {
            return Optional.empty();
        }
        String path = key.substring(root.length());
        for (int i = 0; i < levels.size(); i++) {
            if (path.startsWith(levels.get(i))) {
                return Optional.of(new Place(i, path.substring(levels.get(i).length())));
            }
        }
        return Optional.empty();
    }

    private Value<V> value(ByteString key, ByteString bytes) {
        try {
            return new Value<>(bytes, Codecs.decode(codec, bytes, "ConfigView", key.toStringUtf8()), null);
        } catch (RecipeException e) {
            return new Value<>(bytes, null, e);
        }
    }

    private void putIntoEffect(String name) {
        effective.remove(name);
        undecodable.remove(name);
        for (int i = levels.size() - 1; i >= 0; i--) {
            Value<V> value = written.get(i).get(name);
            if (value == null) {
                continue;
            }
            if (value.decoded != null) {
                effective.put(name, value.decoded);
            } else {
                undecodable.put(
                        name,
                        new InvalidConfigException(
                                root + levels.get(i) + name,
                                "its value cannot be decoded; the last good configuration stays until it is mended",
                                value.failure == null ? null : value.failure.getCause()));
            }
            return;
        }
    }

    /** Which names differ in what is in effect. */
    Set<String> differentFrom(Settings<V> other) {
        Set<String> names = new HashSet<>(effective.keySet());
        names.addAll(undecodable.keySet());
        names.addAll(other.effective.keySet());
        names.addAll(other.undecodable.keySet());
        names.removeIf(
                name -> effective.containsKey(name) && Objects.equals(effective.get(name), other.effective.get(name)));
        return names;
    }

    /** All that is in effect; a copy. */
    SortedMap<String, V> effective() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(effective));
    }

    /** The first key in effect whose value cannot be decoded. */
    Optional<InvalidConfigException> undecodable() {
        return undecodable.isEmpty()
                ? Optional.empty()
                : Optional.of(undecodable.firstEntry().getValue());
    }

    /** Everything as it was written, for a file. */
    SortedMap<String, ByteString> bytes() {
        SortedMap<String, ByteString> all = new TreeMap<>();
        for (int i = 0; i < levels.size(); i++) {
            String level = levels.get(i);
            written.get(i).forEach((name, value) -> all.put(root + level + name, value.bytes));
        }
        return all;
    }
}
