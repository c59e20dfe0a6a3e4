/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.config.ConfigNotes.Noted;
import dev.consort.config.ConfigViewBuilder.Source;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.InOrder;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Timing;
import io.etcd.jetcd.api.RangeRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A view in two steps. What the engine tells is noted at once; mapping, checking and telling of listeners follow one at a
 * time, of whatever has been noted by then: a mapping that takes longer than the next change comes sees the newest state.
 *
 * <p>Thread-safe.
 */
final class EtcdConfigView<V, T> implements ConfigView<T>, PrefixView.Listener {
    private static final Logger log = LoggerFactory.getLogger(EtcdConfigView.class);

    private static final Duration KEPT_WITHIN = Duration.ofSeconds(1);

    private final Source<V> source;
    private final Function<SortedMap<String, V>, ? extends T> reader;
    private final InOrder order;
    private final ConfigAudience<T> audience;
    private final CompletableFuture<ConfigView<T>> opened = new CompletableFuture<>();
    private final AtomicBoolean reading = new AtomicBoolean();
    private final AtomicBoolean keeping = new AtomicBoolean();
    private final Queue<Awaited<T>> awaited = new ConcurrentLinkedQueue<>();
    private final ConfigNotes<V> notes;
    private volatile boolean heard; // of etcd, at least once
    private volatile @Nullable ConfigSnapshot<T> snapshot; // written in order, without regard to whether it is stale
    private volatile boolean stale;
    private volatile boolean closed;
    private volatile PrefixView.@Nullable Subscription subscription;
    private volatile Timing.Timer deadline = Timing.Timer.NONE;

    private record Awaited<T>(long revision, CompletableFuture<ConfigSnapshot<T>> seen) {}

    EtcdConfigView(Source<V> source, Function<SortedMap<String, V>, ? extends T> reader) {
        this.source = source;
        this.reader = reader;
        this.order = new InOrder(source.executor());
        this.audience = new ConfigAudience<>(source.root, source.executor());
        this.notes = new ConfigNotes<>(this::none);
    }

    private Settings<V> none() {
        return new Settings<>(source.prefix(), source.levels, source.codec);
    }

    // OPENING

    CompletableFuture<ConfigView<T>> open() {
        closeUnlessOpened();
        PrefixView.Subscription watching = source.oneKey
                ? PrefixView.openKey(source.connection, "ConfigView", source.root, source.executor(), this)
                : PrefixView.open(source.connection, "ConfigView", source.prefix(), source.executor(), this);
        subscription = watching;
        if (closed) {
            watching.close();
        }
        askLater();
        return opened;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the caller has the outcome
    private void closeUnlessOpened() {
        opened.whenComplete((view, failure) -> {
            deadline.cancel();
            if (failure != null) {
                close(); // nobody has it
            }
        });
    }

    /** A large configuration may take longer to read than etcd may take to answer. */
    private void askLater() {
        Duration timeout = source.connection.requestTimeout();
        deadline = source.connection.timing().schedule(timeout, () -> order.execute(this::ask));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the handler has the outcome
    private void ask() {
        if (opened.isDone() || snapshot != null) {
            return;
        }
        Store store = Store.of(source.connection, "ConfigView");
        RangeRequest any = RangeRequest.newBuilder()
                .setKey(store.key(source.prefix()))
                .setCountOnly(true)
                .build();
        store.range(any)
                .whenComplete((answer, failure) -> order.execute(failure == null ? this::askLater : this::unanswered));
    }

    /** In order: either the first snapshot has come, or it comes after this. */
    private void unanswered() {
        Duration timeout = source.connection.requestTimeout().multipliedBy(2);
        if (opened.isDone() || snapshot != null) {
            return;
        }
        EtcdUnavailableException why =
                new EtcdUnavailableException("ConfigView", source.root, source.connection.endpoints(), timeout, null);
        FallbackFile file = source.file;
        if (file == null) {
            opened.completeExceptionally(why);
            return;
        }
        try {
            FallbackFile.Kept kept = file.read();
            Settings<V> read = none();
            kept.bytes().forEach((key, bytes) -> read.set(ByteString.copyFromUtf8(key), bytes));
            T value = read(read.effective(), read.undecodable());
            snapshot = new ConfigSnapshot<>(value, kept.revision(), 0, true, true, Optional.empty());
            log.warn(
                    "ConfigView '{}': etcd has not answered; taken from {}, of revision {}",
                    source.root,
                    file,
                    kept.revision());
            opened.complete(this);
        } catch (IOException | RecipeException e) {
            why.addSuppressed(e);
            opened.completeExceptionally(why);
        }
    }

    // WHAT THE ENGINE TELLS

    @Override
    public void onSnapshot(Snapshot told) {
        notes.snapshot(told);
        readLater();
    }

    @Override
    public void onChanges(long revision, List<Change> changes) {
        notes.changes(revision, changes);
        readLater();
    }

    @Override
    public void onStale() {
        stale = true;
        order.execute(() -> audience.tell(ConfigListener::onStale));
    }

    @Override
    public void onCurrent() {
        stale = false;
        order.execute(() -> audience.tell(ConfigListener::onCurrent));
    }

    @Override
    public void onFailed(RecipeException why) {
        order.execute(() -> {
            ConfigSnapshot<T> now = snapshot;
            if (!opened.completeExceptionally(why) && now != null) {
                refused(now.seen(), why);
            }
        });
    }

    @Override
    public void onEnd() {
        end();
    }

    // WHAT IS MADE OF IT

    private void readLater() {
        heard = true;
        if (!reading.getAndSet(true)) {
            order.execute(this::readNewest);
        }
    }

    private void readNewest() {
        reading.set(false); // what comes from now on is read again
        Noted<V> noted = notes.take();
        try {
            taken(noted, read(noted.effective(), noted.undecodable()));
            keepLater();
        } catch (RecipeException e) {
            notes.refused(noted);
            if (!opened.completeExceptionally(e)) {
                refused(noted.revision(), e);
            }
        }
        tellAwaiting();
    }

    private T read(SortedMap<String, V> effective, Optional<InvalidConfigException> undecodable) {
        if (undecodable.isPresent()) {
            throw undecodable.get();
        }
        try {
            return reader.apply(effective);
        } catch (RecipeException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new InvalidConfigException(
                    source.root, "refused by its mapping or check, the last good one stays: " + e.getMessage(), e);
        }
    }

    private void taken(Noted<V> noted, T value) {
        ConfigSnapshot<T> before = snapshot;
        T now = before != null && before.value().equals(value) ? before.value() : value;
        snapshot = new ConfigSnapshot<>(now, noted.revision(), noted.revision(), false, false, Optional.empty());
        if (before == null) {
            opened.complete(this);
        } else if (!now.equals(before.value())) {
            audience.changed(before.value(), now, noted.revision(), source.oneKey ? Set.of() : noted.touched());
        }
    }

    private void refused(long seen, RecipeException why) {
        ConfigSnapshot<T> now = snapshot;
        if (now == null) {
            return;
        }
        String before = now.problem().map(Throwable::getMessage).orElse("");
        snapshot = new ConfigSnapshot<>(now.value(), now.revision(), seen, now.fromFile(), false, Optional.of(why));
        if (!before.equals(why.getMessage())) { // else it was told already
            log.warn("{}; the last good configuration is of revision {}", why.getMessage(), now.revision());
            audience.tell(listener -> listener.onProblem(why));
        }
    }

    /** At most once a second, for a configuration may change more often than a disk should be written. */
    private void keepLater() {
        FallbackFile file = source.file;
        if (file != null && !keeping.getAndSet(true)) {
            source.connection.timing().schedule(KEPT_WITHIN, () -> order.execute(() -> keep(file)));
        }
    }

    private void keep(FallbackFile file) {
        keeping.set(false);
        ConfigSnapshot<T> now = snapshot;
        Optional<SortedMap<String, ByteString>> bytes = now == null ? Optional.empty() : notes.bytesAt(now.revision());
        if (now == null || bytes.isEmpty()) {
            return; // what came since is not read yet, or refused: the next good one is kept
        }
        try {
            file.write(now.revision(), bytes.get());
        } catch (IOException e) {
            log.warn("ConfigView '{}': not kept in {}, which is of an earlier revision now", source.root, file, e);
        }
    }

    // READING

    @Override
    public T get() {
        return Objects.requireNonNull(snapshot, "snapshot").value();
    }

    @Override
    public ConfigSnapshot<T> snapshot() {
        ConfigSnapshot<T> now = Objects.requireNonNull(snapshot, "snapshot"); // nobody has a view before it has one
        boolean old = stale || closed || !heard;
        return old == now.stale()
                ? now
                : new ConfigSnapshot<>(now.value(), now.revision(), now.seen(), now.fromFile(), old, now.problem());
    }

    @Override
    public ConfigSnapshot<T> awaitRevision(long revision, Duration timeout)
            throws InterruptedException, TimeoutException {
        Objects.requireNonNull(timeout, "timeout");
        Awaited<T> mine = new Awaited<>(revision, new CompletableFuture<>());
        awaited.add(mine);
        tellAwaiting();
        if (closed) {
            end();
        }
        try {
            return source.connection.timing().await(mine.seen, timeout.isNegative() ? Duration.ZERO : timeout);
        } catch (ExecutionException e) {
            throw new IllegalStateException(whyEnded(), e.getCause());
        } catch (TimeoutException e) {
            throw new TimeoutException("ConfigView '" + source.root + "' has seen revision "
                    + snapshot().seen() + ", and not " + revision + ", within " + timeout);
        } finally {
            awaited.remove(mine);
        }
    }

    private void tellAwaiting() {
        if (snapshot == null) {
            return;
        }
        ConfigSnapshot<T> now = snapshot();
        awaited.forEach(each -> {
            if (each.revision <= now.seen()) {
                each.seen.complete(now);
            }
        });
    }

    @Override
    public Observation listen(ConfigListener<? super T> listener) {
        return audience.add(listener, () -> snapshot().value());
    }

    @Override
    public void close() {
        closed = true;
        PrefixView.Subscription watching = subscription;
        if (watching != null) {
            watching.close();
        }
        end();
    }

    private String whyEnded() {
        return "ConfigView '" + source.root + "' or its connection is closed";
    }

    private void end() {
        IllegalStateException why = new IllegalStateException(whyEnded());
        closed = true;
        audience.close();
        opened.completeExceptionally(why);
        awaited.forEach(each -> each.seen.completeExceptionally(why));
    }

    @Override
    public String toString() {
        return "ConfigView '" + source.root + "', " + snapshot;
    }
}
