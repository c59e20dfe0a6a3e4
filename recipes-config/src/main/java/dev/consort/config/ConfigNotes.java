/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.config.Settings.Written;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * What the engine has told of a configuration and nobody has read yet: noting a change costs nothing that grows with the
 * configuration, and reading takes all that has been noted by then. Thread-safe.
 */
final class ConfigNotes<V> {
    private final Supplier<Settings<V>> none;
    private final ReentrantLock lock = new ReentrantLock(); // guards all that follows; no codec runs under it
    private Settings<V> settings;
    private Set<String> touched = new HashSet<>();
    private long revision;

    ConfigNotes(Supplier<Settings<V>> none) {
        this.none = none;
        this.settings = none.get();
    }

    /**
     * Everything at a revision.
     *
     * @param undecodable the first key in effect whose value cannot be decoded
     * @param touched the names that were written or deleted since the last reading that was taken over
     */
    record Noted<V>(
            long revision,
            SortedMap<String, V> effective,
            Optional<InvalidConfigException> undecodable,
            Set<String> touched) {}

    void snapshot(Snapshot told) {
        Settings<V> all = none.get();
        told.entries().forEach(entry -> all.set(entry.key(), entry.value()));
        lock.lock();
        try {
            touched.addAll(all.differentFrom(settings));
            settings = all;
            revision = told.revision();
        } finally {
            lock.unlock();
        }
    }

    void changes(long of, List<Change> changes) {
        Settings<V> decoder = none.get();
        List<Written<V>> written = new ArrayList<>();
        for (Change change : changes) {
            Entry after = change.after();
            written.add(decoder.decoded(change.key(), after == null ? null : after.value()));
        }
        lock.lock();
        try {
            written.forEach(each -> settings.set(each).ifPresent(touched::add));
            revision = of;
        } finally {
            lock.unlock();
        }
    }

    Noted<V> take() {
        lock.lock();
        try {
            Noted<V> noted = new Noted<>(revision, settings.effective(), settings.undecodable(), touched);
            touched = new HashSet<>();
            return noted;
        } finally {
            lock.unlock();
        }
    }

    /** What was refused is a part of the next change that is not. */
    void refused(Noted<V> noted) {
        lock.lock();
        try {
            touched.addAll(noted.touched());
        } finally {
            lock.unlock();
        }
    }

    /** Everything as it was written, if it is of a revision; else empty. */
    Optional<SortedMap<String, ByteString>> bytesAt(long of) {
        lock.lock();
        try {
            return revision == of ? Optional.of(settings.bytes()) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }
}
