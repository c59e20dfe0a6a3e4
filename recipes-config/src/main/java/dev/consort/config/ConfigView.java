/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Live configuration: the keys below a root, or one key, as a value of the user's type that follows what is in etcd. Needs no
 * session. Thread-safe; reads are one volatile read.
 *
 * <p><b>Guarantees.</b> Each value was made of everything that stood below the root at one revision: what one transaction
 * changed is never seen in part. It was mapped and checked as a whole before it took the place of the one before, so there is
 * always a good one. Revisions never go back, but for a restore of etcd from a backup. The newest state is taken over however
 * fast it changes; states between may be skipped.
 *
 * <p><b>Not guaranteed.</b> That the value is what etcd holds now: it is what etcd held at {@link ConfigSnapshot#seen()}, which
 * {@link #awaitRevision} waits for, and may be old while {@link ConfigSnapshot#stale()}.
 *
 * <p><b>When etcd is not to be reached</b> the last good value stays, marked as stale, and the view goes on by itself when etcd
 * is back, with whatever changed meanwhile.
 *
 * @param <T> what the configuration is mapped to; best immutable, since all who read share it
 */
public interface ConfigView<T> extends AutoCloseable {
    /**
     * All keys below a root as text, by what follows the root and its slash.
     *
     * @param connection stays the caller's to close
     * @param root segments with single slashes between them, such as {@code config/orders}
     * @return describes the view
     * @throws IllegalArgumentException if the root is empty, has a leading or trailing slash, or an empty segment
     */
    static Builder<SortedMap<String, String>> of(Connection connection, String root) {
        return of(connection, root, Codec.utf8());
    }

    /**
     * All keys below a root with values of one type, by what follows the root and its slash.
     *
     * @param connection as in {@link #of(Connection, String)}
     * @param root as in {@link #of(Connection, String)}
     * @param codec reads each value
     * @param <V> the type of the values
     * @return describes the view
     * @throws IllegalArgumentException as {@link #of(Connection, String)}
     */
    static <V> Builder<SortedMap<String, V>> of(Connection connection, String root, Codec<V> codec) {
        return ConfigViewBuilder.ofRoot(connection, root, codec);
    }

    /**
     * A single key, such as one that holds a JSON document. Without {@link Builder#whenAbsent} it must be there.
     *
     * @param connection as in {@link #of(Connection, String)}
     * @param key as a root in {@link #of(Connection, String)}
     * @param codec reads the value, such as {@link JacksonCodec} or {@link PropertiesCodec}
     * @param <T> the type of the value
     * @return describes the view
     * @throws IllegalArgumentException as {@link #of(Connection, String)}
     */
    static <T> Builder<T> ofKey(Connection connection, String key, Codec<T> codec) {
        return ConfigViewBuilder.ofKey(connection, key, codec);
    }

    /**
     * The last good value.
     *
     * @return the same instance until another one takes its place
     */
    T get();

    /**
     * The last good value, and how far it is to be trusted.
     *
     * @return immutable, as far as the value is
     */
    ConfigSnapshot<T> snapshot();

    /**
     * Waits until this view has seen a revision, such as that of a write which is to be in effect. If what was written is
     * refused by a mapping or check the value is still the one before, and {@link ConfigSnapshot#problem()} says why.
     *
     * @param revision of a write below the root; a later write elsewhere may never be seen
     * @param timeout how long to wait; zero or less: do not wait
     * @return the snapshot then
     * @throws TimeoutException if it has not been seen in time
     * @throws InterruptedException if interrupted while waiting
     * @throws IllegalStateException if the view or its connection is closed meanwhile
     */
    ConfigSnapshot<T> awaitRevision(long revision, Duration timeout) throws InterruptedException, TimeoutException;

    /**
     * Tells a listener of changes from now on, one call at a time, on the view's executor. One that is slow is told of the
     * newest state when it returns, with all keys that differ from what it was told before; one that throws is logged, and
     * told the next time all the same.
     *
     * @param listener is told
     * @return ends it; after {@code close()} no further call begins
     */
    Observation listen(ConfigListener<? super T> listener);

    /** Ends the view: the last value stays readable, and is stale. Idempotent; does not wait. */
    @Override
    void close();

    /** Ends the telling of a listener. */
    interface Observation extends AutoCloseable {
        /** After this no further call begins. Idempotent; does not wait. */
        @Override
        void close();
    }

    /**
     * Describes a view. Not thread-safe.
     *
     * @param <T> what the configuration is mapped to so far
     */
    interface Builder<T> {
        /**
         * Below the root there are levels, each with its own keys, and a key of a later one takes the place of the same key of
         * those before it: defaults, then the environment's, then the host's. Keys of no level are ignored. A level is not a
         * view of its own: all are seen at one revision.
         *
         * @param lowestFirst what comes between the root and the keys, such as {@code "defaults", "env/prod", "host/web-1"};
         *     none may be a part of another one's path
         * @return this
         * @throws IllegalArgumentException if one is empty, nests with another one, or this is the view of a single key
         */
        Builder<T> levels(String... lowestFirst);

        /**
         * Maps what was read so far, for example to a record. Run at each change, on the view's executor.
         *
         * @param mapper may throw to refuse what was written, and then is best clear about the reason
         * @param <R> what it is mapped to
         * @return what goes on from there; use it instead of this one
         */
        <R> Builder<R> map(Function<? super T, ? extends R> mapper);

        /**
         * Checks what was read and mapped so far as a whole.
         *
         * @param check throws to refuse it
         * @return this
         */
        Builder<T> validate(Consumer<? super T> check);

        /**
         * What holds while there is no key at all, in place of what was mapped so far.
         *
         * @param value of the type so far
         * @return this
         */
        Builder<T> whenAbsent(T value);

        /**
         * A file for the last resort: what was taken over last is kept in it, readable by its owner only, and it is read
         * when etcd gives no answer within two request timeouts as the view is opened. The view is stale then, until
         * etcd answers. It holds all values as they are in etcd, secrets among them.
         *
         * @param file in a folder that exists; written anew, by a file beside it, a second after a change
         * @return this
         */
        Builder<T> fallback(Path file);

        /**
         * Where mappers, checks and listeners run.
         *
         * @param executor of the caller's, with a thread that does not wait for {@link #open}; the connection's callback
         *     threads if none is given
         * @return this
         */
        Builder<T> executor(Executor executor);

        /**
         * Opens the view, and waits for its first good value, for two request timeouts, and on while etcd answers.
         *
         * @return to be closed
         * @throws EtcdUnavailableException if etcd did not answer in time, and there is no file with an earlier value
         * @throws InvalidConfigException if what is in etcd is refused by a codec, mapping or check
         * @throws RecipeException if etcd refuses to be read
         * @throws IllegalStateException if the connection is closed
         */
        ConfigView<T> open();

        /**
         * The same without blocking; the future fails with the same exceptions.
         *
         * @return completes on the view's executor; a view that comes after somebody else completed it is closed
         */
        CompletableFuture<ConfigView<T>> openAsync();
    }
}
