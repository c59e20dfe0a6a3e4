/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.KeyValue;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A mirror of all keys below a prefix, shared by everybody on a connection who looks at that prefix: one watch and one
 * copy however many they are. Thread-safe.
 *
 * <p><b>Guarantees.</b> Each listener is told a snapshot at a revision, then every later change of the prefix: in the order
 * of revisions, all changes of a revision together, none left out and none twice. Where that cannot be kept up (the changes
 * were compacted away while the connection was down, the listener fell behind by more than {@value
 * ViewSubscriber#BUFFER} changes, etcd was restored) it is told a new snapshot, which says why.
 *
 * <p><b>Not guaranteed.</b> That what a listener was told is what etcd holds now: it is what etcd held at that revision.
 */
public final class PrefixView {
    private PrefixView() {}

    /**
     * Looks at a prefix, with the others of this connection who do.
     *
     * @param recipe for messages
     * @param prefix of keys as the user knows them; not empty
     * @param executor runs the listener
     * @param listener told one thing at a time
     */
    public static Subscription open(
            EtcdConnection connection, String recipe, String prefix, Executor executor, Listener listener) {
        return open(connection, recipe, prefix, executor, listener, Duration.ZERO);
    }

    /**
     * The same, for those who come and go.
     *
     * @param linger how long the view stays after its last listener has gone, so that the next one finds it
     */
    static Subscription open(
            EtcdConnection connection,
            String recipe,
            String prefix,
            Executor executor,
            Listener listener,
            Duration linger) {
        return open(
                connection,
                KeyRange.prefix(connection.key(ByteString.copyFromUtf8(prefix))),
                recipe,
                prefix,
                executor,
                listener,
                linger);
    }

    /**
     * Looks at a single key, which is a view of at most one entry: keys that only begin like it are left out.
     *
     * @param recipe for messages
     * @param key as the user knows it; not empty
     * @param executor runs the listener
     * @param listener told one thing at a time
     */
    public static Subscription openKey(
            EtcdConnection connection, String recipe, String key, Executor executor, Listener listener) {
        return open(
                connection,
                KeyRange.one(connection.key(ByteString.copyFromUtf8(key))),
                recipe,
                key,
                executor,
                listener,
                Duration.ZERO);
    }

    static Subscription open(
            EtcdConnection connection,
            KeyRange range,
            String recipe,
            String text,
            Executor executor,
            Listener listener,
            Duration linger) {
        connection.checkOpen();
        ViewSubscriber subscriber = new ViewSubscriber(recipe, text, executor, listener, linger);
        connection.views().add(range, subscriber);
        return subscriber;
    }

    /** A listener's place; closing it ends the view with its last one. */
    public interface Subscription extends AutoCloseable {
        /**
         * Completes, on the listener's executor, when the listener has been told its first snapshot; exceptionally with a
         * {@link RecipeException} if etcd refuses to be read, or if it is closed before. Without an answer it waits.
         */
        CompletableFuture<Void> ready();

        /** After this has returned no further call of the listener begins. Idempotent; does not wait. */
        @Override
        void close();
    }

    /** Who is told. What it throws is logged, and the next call comes all the same. */
    public interface Listener {
        /** The first call, and again whenever changes could not be told one by one: takes the place of all before. */
        void onSnapshot(Snapshot snapshot);

        /** All changes of the revision, in the order of etcd. */
        void onChanges(long revision, List<Change> changes);

        /** Nothing is heard of etcd: what was told may be out of date. */
        default void onStale() {}

        /** The watch stands again; what was missed follows. */
        default void onCurrent() {}

        /** Etcd refuses the prefix, such as for want of permission. It is asked again from time to time. */
        default void onFailed(RecipeException why) {}

        /** The connection is closed: nothing more will be told. */
        default void onEnd() {}
    }

    /** Why a snapshot is told. */
    public enum Cause {
        /** It is the listener's first. */
        OPENED,
        /** The listener fell behind; its changes were dropped. */
        OVERFLOW,
        /** The changes since the last one could not be had from etcd any more. */
        GAP
    }

    /**
     * A key and its value as they stand in etcd.
     *
     * @param key as the user knows it, without the namespace
     * @param leaseId 0 if it is bound to none
     */
    public record Entry(
            ByteString key, ByteString value, long createRevision, long modRevision, long version, long leaseId) {
        static Entry of(EtcdConnection connection, KeyValue kv) {
            return new Entry(
                    connection.relative(kv.getKey()),
                    kv.getValue(),
                    kv.getCreateRevision(),
                    kv.getModRevision(),
                    kv.getVersion(),
                    kv.getLease());
        }
    }

    /**
     * All keys of the prefix at a revision.
     *
     * @param revision of the store
     * @param entries in the order of keys; not to be changed
     * @param differences for {@link Cause#GAP} what is different from what was told before, in the order of keys; else
     *     empty
     */
    public record Snapshot(long revision, List<Entry> entries, Cause cause, List<Change> differences) {}

    /**
     * What became of a key.
     *
     * @param before null if there was none
     * @param after null if it was deleted
     */
    public record Change(@Nullable Entry before, @Nullable Entry after) {
        /** The key, which is there before or after. */
        public ByteString key() {
            return (after != null ? after : Objects.requireNonNull(before)).key();
        }
    }
}
