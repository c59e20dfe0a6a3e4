/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.Store;
import dev.consort.stm.Reads.RevisionGoneException;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnResponse;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One run of a transaction's body: what it has read and what it will write.
 *
 * <p>Concurrency: confined to the thread that runs the body; then to whoever commits, which comes after. {@link #runner} is what
 * tells others that they may not.
 */
final class Attempt implements Transaction {
    private final Isolation isolation;
    private final Reads reads;
    private final Contents read = new Contents();
    private final Contents ahead;
    private final NavigableMap<ByteString, Optional<ByteString>> writes =
            new TreeMap<>(StmKeys.ORDER); // empty: deleted
    private long snapshot; // the revision of all reads; 0 until the first one, and where there is none
    private long writtenBytes;
    private boolean conflict;
    private boolean interrupted;
    private @Nullable RuntimeException failure;
    private volatile @Nullable Thread runner; // the body's thread while it runs; others only compare it

    /** Begins with what was read ahead, as of a revision; 0 if nothing was. */
    Attempt(Store store, Isolation isolation, Contents ahead, long revision) {
        this.isolation = isolation;
        this.reads = new Reads(store);
        this.ahead = ahead;
        this.snapshot = isolation.readsSnapshot() ? revision : 0;
    }

    /** Ends a body whose attempt is over; it says so by {@link #isConflict} or {@link #isInterrupted}. */
    private static final class OverException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OverException(String why) {
            super(
                    "this attempt of the transaction is over, " + why + ": let this exception through",
                    null,
                    false,
                    false);
        }
    }

    /**
     * What a body returned.
     *
     * @param value it may be null
     */
    record Returned<T extends @Nullable Object>(T value) {}

    /** Runs the body; empty if the attempt came to nothing: see {@link #isConflict} and {@link #isInterrupted}. */
    <T extends @Nullable Object, X extends Exception> Optional<Returned<T>> run(
            List<ByteString> first, Stm.Body<T, X> body) throws X {
        runner = Thread.currentThread();
        try {
            prefetch(first);
            T value = body.run(this);
            if (failure != null) {
                throw failure; // The body caught it; what it did then rests on nothing.
            }
            return conflict || interrupted ? Optional.empty() : Optional.of(new Returned<>(value));
        } catch (Exception thrown) {
            if (conflict || interrupted) {
                return Optional.empty();
            }
            throw thrown;
        } finally {
            runner = null;
        }
    }

    boolean isConflict() {
        return conflict;
    }

    boolean isInterrupted() {
        return interrupted;
    }

    Isolation isolation() {
        return isolation;
    }

    Contents read() {
        return read;
    }

    NavigableMap<ByteString, Optional<ByteString>> writes() {
        return writes;
    }

    /** The revision of all reads; 0 if there were none, or at a level without one. */
    long snapshot() {
        return snapshot;
    }

    @Override
    public <T> Optional<T> get(String key, Codec<T> codec) {
        Objects.requireNonNull(codec, "codec");
        ByteString bytes = checked(key);
        Optional<ByteString> written = writes.get(bytes);
        ByteString value = written == null ? version(bytes).value() : written.orElse(null);
        return value == null ? Optional.empty() : Optional.of(Codecs.decode(codec, value, EtcdStm.RECIPE, key));
    }

    @Override
    public long revision(String key) {
        return version(checked(key)).revision();
    }

    private Version version(ByteString key) {
        checkGoesOn();
        Version known = read.version(key);
        if (known == null) {
            known = ahead.version(key);
            if (known == null) {
                RangeResponse answer = ask(() -> reads.range(reads.key(key), snapshot, key));
                ahead.add(key, Version.of(answer), asOf(answer.getHeader().getRevision()));
                known = Version.of(answer);
            }
            read.add(key, known, ahead.readAt(key));
        } else if (!read.keys().containsKey(key) && !isolation.readsSnapshot()) {
            // It is in no prefix that was read; without a check of prefixes that has to be checked by itself.
            read.add(key, known, read.readAt(key));
        }
        return known;
    }

    @Override
    public <T> Map<String, T> range(String prefix, Codec<T> codec) {
        Objects.requireNonNull(codec, "codec");
        checkRunner();
        ByteString bytes = StmKeys.checkedPrefix(prefix);
        NavigableMap<ByteString, ByteString> merged = new TreeMap<>(StmKeys.ORDER);
        found(bytes).forEach((key, version) -> merged.put(key, Objects.requireNonNull(version.value())));
        writes.forEach((key, value) -> {
            if (key.startsWith(bytes)) {
                value.ifPresentOrElse(written -> merged.put(key, written), () -> merged.remove(key));
            }
        });
        Map<String, T> result = new LinkedHashMap<>();
        merged.forEach((key, value) -> {
            String text = StmKeys.text(key);
            result.put(text, Codecs.decode(codec, value, EtcdStm.RECIPE, text));
        });
        return Collections.unmodifiableMap(result);
    }

    private NavigableMap<ByteString, Version> found(ByteString prefix) {
        checkGoesOn();
        Contents.Prefix known = read.prefix(prefix);
        if (known == null) {
            known = ahead.prefix(prefix);
            if (known == null) {
                RangeResponse answer = ask(() -> reads.range(reads.prefix(prefix), snapshot, prefix));
                known = reads.found(answer, asOf(answer.getHeader().getRevision()));
            }
            read.add(prefix, known);
        }
        return known.found();
    }

    @Override
    public void prefetch(String... keys) {
        checkRunner();
        prefetch(Arrays.stream(keys).map(StmKeys::checked).toList());
    }

    private void prefetch(List<ByteString> keys) {
        List<ByteString> unknown = keys.stream()
                .distinct()
                .filter(key -> read.version(key) == null && ahead.version(key) == null)
                .toList();
        if (unknown.size() > CommitTxn.MAX_OPERATIONS_OF_ETCD) {
            throw new IllegalArgumentException("prefetch of " + unknown.size() + " keys: at most "
                    + CommitTxn.MAX_OPERATIONS_OF_ETCD + " go into one request");
        }
        if (unknown.isEmpty()) {
            return;
        }
        checkGoesOn();
        if (unknown.size() == 1) {
            ByteString key = unknown.get(0);
            RangeResponse answer = ask(() -> reads.range(reads.key(key), snapshot, key));
            ahead.add(key, Version.of(answer), asOf(answer.getHeader().getRevision()));
            return;
        }
        TxnResponse answers = ask(() -> reads.all(unknown, snapshot));
        long revision = asOf(answers.getHeader().getRevision());
        for (int i = 0; i < unknown.size(); i++) {
            ahead.add(unknown.get(i), Version.of(answers.getResponses(i).getResponseRange()), revision);
        }
    }

    /** As of when an answer is true that came at a revision; the first one is that of the snapshot. */
    private long asOf(long revision) {
        if (!isolation.readsSnapshot()) {
            return revision;
        }
        if (snapshot == 0) {
            snapshot = revision;
        }
        return snapshot;
    }

    @Override
    public <T> void put(String key, T value, Codec<T> codec) {
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(codec, "codec");
        ByteString bytes = checked(key);
        write(key, bytes, Optional.of(Codecs.encode(codec, value, EtcdStm.RECIPE, key)));
    }

    @Override
    public void delete(String key) {
        write(key, checked(key), Optional.empty());
    }

    private void write(String key, ByteString bytes, Optional<ByteString> value) {
        checkGoesOn();
        if (!writes.containsKey(bytes) && writes.size() == CommitTxn.MAX_WRITES) {
            throw tooLarge(key, "more than " + CommitTxn.MAX_WRITES + " keys written");
        }
        Optional<ByteString> before = writes.put(bytes, value);
        writtenBytes += size(value) - (before == null ? 0 : size(before));
        if (writtenBytes > CommitTxn.MAX_BYTES) {
            throw tooLarge(
                    key,
                    "with this value of " + size(value) + " bytes more than " + CommitTxn.MAX_BYTES
                            + " bytes are written");
        }
    }

    private static int size(Optional<ByteString> value) {
        return value.map(ByteString::size).orElse(0);
    }

    private TransactionTooLargeException tooLarge(String key, String why) {
        TransactionTooLargeException tooLarge = new TransactionTooLargeException(
                key, why + ", which etcd does not take at once; nothing was written: use several transactions");
        failure = tooLarge;
        return tooLarge;
    }

    private ByteString checked(String key) {
        checkRunner();
        return StmKeys.checked(key);
    }

    private void checkRunner() {
        if (runner != Thread.currentThread()) {
            throw new IllegalStateException(
                    runner == null
                            ? "this attempt of the transaction has ended: use the handle in the body only, which gets a new one"
                                    + " in each attempt"
                            : "a transaction is for the thread that runs its body");
        }
    }

    private void checkGoesOn() {
        if (failure != null) {
            throw failure;
        }
        if (conflict || interrupted) {
            throw new OverException("which was said before");
        }
    }

    private interface Question<A> {
        A ask() throws InterruptedException, RevisionGoneException;
    }

    private <A> A ask(Question<A> question) {
        try {
            return question.ask();
        } catch (InterruptedException e) {
            interrupted = true;
            throw new OverException("for its thread was interrupted");
        } catch (RevisionGoneException e) {
            conflict = true;
            throw new OverException("for the revision that it reads is compacted");
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }
}
