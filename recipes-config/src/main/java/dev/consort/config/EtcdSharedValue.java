/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** A value on one key. Immutable. */
final class EtcdSharedValue<T> implements SharedValue<T> {
    static final String RECIPE = "SharedValue";
    private static final int MOST_ATTEMPTS = 32;

    private final EtcdConnection connection;
    private final Store store;
    private final OneKey key;
    private final Codec<T> codec;
    private final Handing handing;

    EtcdSharedValue(Connection connection, String name, Codec<T> codec) {
        this.connection = EtcdConnection.of(connection);
        this.codec = Objects.requireNonNull(codec, "codec");
        this.key = new OneKey(Names.checked(RECIPE, name));
        this.store = Store.of(connection, RECIPE);
        this.handing = Handing.of(store, name);
    }

    @Override
    public String name() {
        return key.name();
    }

    // Reading

    @Override
    public Optional<Versioned<T>> get() {
        return found(handing.await(read(0)));
    }

    @Override
    public CompletableFuture<Optional<Versioned<T>>> getAsync() {
        return handing.async(read(0).thenApplyAsync(this::found, handing.executor()));
    }

    @Override
    public Optional<Versioned<T>> getAt(long revision) {
        checkPositive("revision", revision);
        try {
            return found(handing.await(read(revision)));
        } catch (RecipeException e) {
            if (String.valueOf(e.getMessage()).contains("has been compacted")) {
                throw new RevisionCompactedException(RECIPE, name(), revision, e);
            }
            throw e;
        }
    }

    private CompletableFuture<RangeResponse> read(long revision) {
        return store.range(key.read(store).toBuilder().setRevision(revision).build());
    }

    /** The codec is the user's and may take its time: on the thread of whoever waits, or the executor. */
    private Optional<Versioned<T>> found(RangeResponse answer) {
        return answer.getKvsList().stream().findFirst().map(this::versioned);
    }

    private Versioned<T> versioned(KeyValue kv) {
        return new Versioned<>(decoded(kv.getValue()), kv.getModRevision());
    }

    private T decoded(ByteString bytes) {
        return Codecs.decode(codec, bytes, RECIPE, name());
    }

    // Writing

    @Override
    public Versioned<T> set(T value) {
        return handing.await(put(value));
    }

    @Override
    public CompletableFuture<Versioned<T>> setAsync(T value) {
        return handing.async(put(value));
    }

    private CompletableFuture<Versioned<T>> put(T value) {
        ByteString bytes = encoded(value);
        return using(
                () -> store.commit(key.set(store, bytes)).thenApply(done -> new Versioned<>(value, done.revision())));
    }

    @Override
    public Optional<Versioned<T>> compareAndSet(long expectedRevision, T value) {
        return handing.await(replace(expectedRevision, value));
    }

    @Override
    public CompletableFuture<Optional<Versioned<T>>> compareAndSetAsync(long expectedRevision, T value) {
        return handing.async(replace(expectedRevision, value));
    }

    private CompletableFuture<Optional<Versioned<T>>> replace(long expected, T value) {
        if (expected < 0) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + name() + "': expectedRevision " + expected + " is negative");
        }
        ByteString bytes = encoded(value);
        return using(() -> store.commit(key.replace(store, expected, bytes))
                .thenApply(done ->
                        done.applied() ? Optional.of(new Versioned<>(value, done.revision())) : Optional.empty()));
    }

    private ByteString encoded(T value) {
        return Codecs.encode(codec, Objects.requireNonNull(value, "value"), RECIPE, name());
    }

    @Override
    public Versioned<T> update(Function<? super Optional<T>, ? extends T> change) {
        Objects.requireNonNull(change, "change");
        for (int attempt = 1; ; attempt++) {
            Optional<Versioned<T>> now = get();
            T next = Objects.requireNonNull(change.apply(now.map(Versioned::value)), "what the function returned");
            Optional<Versioned<T>> done =
                    compareAndSet(now.map(Versioned::revision).orElse(0L), next);
            if (done.isPresent()) {
                return done.get();
            }
            if (attempt == MOST_ATTEMPTS) {
                throw new UpdateConflictException(RECIPE, name(), attempt);
            }
            handing.await(handing.pause(attempt));
        }
    }

    @Override
    public boolean compareAndDelete(long expectedRevision) {
        checkPositive("expectedRevision", expectedRevision);
        return handing.await(
                using(() -> store.commit(key.delete(store, expectedRevision)).thenApply(done -> done.applied())));
    }

    private void checkPositive(String what, long revision) {
        if (revision < 1) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + name() + "': " + what + " " + revision + " is not positive");
        }
    }

    private <R> CompletableFuture<R> using(Supplier<CompletableFuture<R>> work) {
        return Handing.whileTaken(connection.takeKey(RECIPE, name()), work);
    }

    // Listening

    @Override
    public Subscription listen(Listener<T> listener) {
        Objects.requireNonNull(listener, "listener");
        PrefixView.Subscription view =
                PrefixView.openKey(connection, RECIPE, name(), connection.callbacks(), new Told(listener));
        return new Subscription() {
            @Override
            public CompletableFuture<Void> ready() {
                return view.ready();
            }

            @Override
            public void close() {
                view.close();
            }
        };
    }

    /** Confined to the view, which calls it one at a time. */
    private final class Told implements PrefixView.Listener {
        private final Listener<T> listener;

        Told(Listener<T> listener) {
            this.listener = listener;
        }

        private void tell(Optional<Entry> entry) {
            Optional<Versioned<T>> value;
            try {
                value = entry.map(now -> new Versioned<>(decoded(now.value()), now.modRevision()));
            } catch (RecipeException malformed) {
                listener.onFailure(malformed);
                return;
            }
            listener.onValue(value);
        }

        @Override
        public void onSnapshot(PrefixView.Snapshot snapshot) {
            if (snapshot.cause() != PrefixView.Cause.GAP
                    || !snapshot.differences().isEmpty()) {
                tell(snapshot.entries().stream().findFirst());
            }
        }

        @Override
        public void onChanges(long revision, List<PrefixView.Change> changes) {
            tell(Optional.ofNullable(changes.get(changes.size() - 1).after()));
        }

        @Override
        public void onStale() {
            listener.onStale();
        }

        @Override
        public void onCurrent() {
            listener.onCurrent();
        }

        @Override
        public void onFailed(RecipeException why) {
            listener.onFailure(why);
        }
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
