/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.Timing;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service's instances, read from the view of its prefix that all of the connection share.
 *
 * <p>Concurrency: what was found is confined to the view's calls, which come one at a time; the rest is thread-safe.
 */
final class EtcdInstancer<I> implements Instancer<I>, PrefixView.Listener {
    static final String RECIPE = "Instancer";

    private static final Logger log = LoggerFactory.getLogger(EtcdInstancer.class);

    private final EtcdConnection connection;
    private final ServiceLayout<I> layout;
    private final String prefix;
    private final InstanceAudience<I> audience;
    private final CompletableFuture<Boolean> opened = new CompletableFuture<>(); // or waited for long enough
    private SortedMap<ByteString, Found<I>> found = byKey();
    private @Nullable RecipeException refused; // why etcd does not let it be read
    private @Nullable RecipeException stale; // since nothing is heard of etcd
    private volatile List<InvalidInstanceException> invalid = List.of(); // written by the view's calls
    private volatile PrefixView.@Nullable Subscription view; // set once, by whoever opens it
    private volatile boolean heard; // of etcd, whatever it said; set before that is published
    private volatile boolean closed; // set once, by whoever closes it

    /** What a key says: an instance, or why it is none. */
    private record Found<I>(@Nullable I instance, @Nullable InvalidInstanceException invalid) {
        Stream<I> instances() {
            return Stream.ofNullable(instance);
        }
    }

    private EtcdInstancer(EtcdConnection connection, ServiceLayout<I> layout, Executor executor) {
        this.connection = connection;
        this.layout = layout;
        this.prefix = layout.prefix();
        RecipeException unread = new RecipeException(RECIPE, prefix, "etcd has not been read yet", null);
        this.audience = new InstanceAudience<>(toString(), executor, new InstanceSet<>(List.of(), Optional.of(unread)));
    }

    /** Waits for the first set, no longer than a request may take; keeps the interrupt flag. */
    static <I> Instancer<I> open(Connection connection, ServiceLayout<I> layout, @Nullable Executor executor) {
        EtcdInstancer<I> instancer = begin(connection, layout, executor);
        EtcdConnection engine = instancer.connection;
        try {
            var unused = engine.timing()
                    .await(instancer.opened, engine.requestTimeout().multipliedBy(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the set comes when it comes
        } catch (ExecutionException | TimeoutException e) {
            log.debug("{}: has not been read yet", instancer, e);
        }
        return instancer;
    }

    /** The same without blocking. */
    static <I> CompletableFuture<Instancer<I>> openAsync(Connection connection, ServiceLayout<I> layout) {
        EtcdInstancer<I> instancer = begin(connection, layout, null);
        CompletableFuture<Instancer<I>> result = new CompletableFuture<>();
        var unused = instancer.opened.thenRun(() -> instancer.connection.callback(() -> result.complete(instancer)));
        var unusedToo = result.whenComplete((mine, failure) -> {
            if (failure != null) {
                instancer.close(); // nobody has it
            }
        });
        return result;
    }

    private static <I> EtcdInstancer<I> begin(
            Connection connection, ServiceLayout<I> layout, @Nullable Executor executor) {
        EtcdConnection engine = EtcdConnection.of(connection);
        Executor runs = executor == null ? engine.callbacks() : executor;
        EtcdInstancer<I> instancer = new EtcdInstancer<>(engine, Objects.requireNonNull(layout, "layout"), runs);
        instancer.view = PrefixView.open(engine, RECIPE, instancer.prefix, engine.callbacks(), instancer);
        Timing.Timer late =
                engine.timing().schedule(engine.requestTimeout(), () -> engine.callback(instancer::unanswered));
        var unused = instancer.opened.thenRun(late::cancel);
        return instancer;
    }

    private void unanswered() {
        RecipeException why =
                new EtcdUnavailableException(RECIPE, prefix, connection.endpoints(), connection.requestTimeout(), null);
        audience.publish(now -> heard ? now : now.withError(why));
        opened.complete(true);
    }

    private static <I> SortedMap<ByteString, Found<I>> byKey() {
        return new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    }

    // What the view tells

    @Override
    public void onSnapshot(Snapshot snapshot) {
        SortedMap<ByteString, Found<I>> all = byKey();
        snapshot.entries().forEach(entry -> all.put(entry.key(), read(entry)));
        found = all;
        refused = null;
        changed(true);
    }

    @Override
    public void onChanges(long revision, List<Change> changes) {
        boolean maybeInvalid = false;
        for (Change change : changes) {
            Entry after = change.after();
            Found<I> now = after == null ? null : read(after);
            Found<I> before = now == null ? found.remove(change.key()) : found.put(change.key(), now);
            maybeInvalid |= isInvalid(now) || isInvalid(before);
        }
        changed(maybeInvalid);
    }

    private static boolean isInvalid(@Nullable Found<?> found) {
        return found != null && found.invalid() != null;
    }

    private Found<I> read(Entry entry) {
        String key = entry.key().toStringUtf8();
        try {
            String value = Codecs.UTF_8.decode(entry.value().toByteArray());
            return new Found<>(layout.decode(key, value), null);
        } catch (RuntimeException e) {
            InvalidInstanceException why = new InvalidInstanceException(key, String.valueOf(e.getMessage()), e);
            log.warn("{}", why.getMessage());
            return new Found<>(null, why);
        }
    }

    private void changed(boolean maybeInvalid) {
        if (maybeInvalid) {
            invalid = found.values().stream()
                    .flatMap(each -> Stream.ofNullable(each.invalid()))
                    .toList();
        }
        heard = true;
        List<I> instances = found.values().stream()
                .flatMap(Found::instances)
                .distinct()
                .sorted(layout.order())
                .toList();
        audience.publish(now -> new InstanceSet<>(instances, error()));
        opened.complete(true);
    }

    private Optional<RecipeException> error() {
        return Optional.ofNullable(refused != null ? refused : stale);
    }

    @Override
    public void onStale() {
        stale = new RecipeException(
                RECIPE, prefix, "nothing is heard of etcd: the instances known last may be out of date", null);
        log.warn("{}", stale.getMessage());
        tellError();
    }

    @Override
    public void onCurrent() {
        stale = null;
        log.info("{}: follows etcd again", this);
        tellError();
    }

    @Override
    public void onFailed(RecipeException why) {
        refused = why;
        heard = true;
        log.warn("{}: etcd refuses to be read, and is asked again: {}", this, why.getMessage());
        tellError();
        opened.complete(true);
    }

    private void tellError() {
        Optional<RecipeException> why = error();
        audience.publish(now -> new InstanceSet<>(now.instances(), why));
    }

    @Override
    public void onEnd() {
        heard = true;
        RecipeException why = new RecipeException(RECIPE, prefix, "its connection is closed", null);
        audience.publish(now -> now.withError(why));
        audience.close();
        opened.complete(true);
    }

    // What its user asks

    @Override
    public InstanceSet<I> current() {
        return audience.newest();
    }

    @Override
    public List<InvalidInstanceException> invalid() {
        return invalid;
    }

    @Override
    public Subscription subscribe(InstanceListener<? super I> listener) {
        return audience.add(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            heard = true;
            audience.silence(now ->
                    now.withError(new RecipeException(RECIPE, prefix, "closed: the instances known last", null)));
            PrefixView.Subscription open = view;
            if (open != null) {
                open.close();
            }
            opened.complete(true);
        }
    }

    @Override
    public String toString() {
        return RECIPE + " '" + prefix + "'";
    }
}
