/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.Event;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * What changes below a prefix, from a revision on, for recipes that keep no copy of it. Nothing is missed, or it ends with a
 * gap, after which the recipe reads again and opens another one.
 *
 * <p>Thread-safe; the listener is told by the executor, which must run tasks in order, and not after {@link #close}.
 */
public final class Feed {
    /** Who is told. */
    public interface Listener {
        /**
         * Changes in the order of revisions; all of one revision come together.
         *
         * @param events keys with the namespace
         */
        void changed(List<Event> events);

        /** It has ended, and changes may have been missed. */
        void gap();

        /** It has ended, since etcd refuses it. */
        void refused(RecipeException why);
    }

    private final Executor executor;
    private final Listener listener;
    private final Watch watch;
    private volatile boolean closed; // set once, by any thread

    private Feed(
            EtcdConnection connection, String recipe, KeyRange range, long from, Executor executor, Listener told) {
        this.executor = executor;
        this.listener = told;
        String text = connection.relative(range.key()).toStringUtf8();
        this.watch = connection.watches().watch(WatchHub.range(range), from, new WatchHub.Listener() {
            @Override
            public void onEvents(List<Event> events) {
                tell(() -> listener.changed(events));
            }

            @Override
            public void onGap() {
                tell(listener::gap);
            }

            @Override
            public void onRefused(String reason) {
                tell(() -> listener.refused(CallFailure.watchRefused(reason).toException(recipe, text)));
            }
        });
    }

    /**
     * Opens one.
     *
     * @param prefix as the user knows it
     * @param from the first revision of which it tells
     */
    public static Feed open(
            EtcdConnection connection, String recipe, String prefix, long from, Executor executor, Listener listener) {
        KeyRange range = KeyRange.prefix(connection.key(ByteString.copyFromUtf8(prefix)));
        return new Feed(connection, recipe, range, from, executor, listener);
    }

    private void tell(Runnable task) {
        executor.execute(() -> {
            if (!closed) {
                task.run();
            }
        });
    }

    /** Ends it. */
    public void close() {
        closed = true;
        watch.cancel();
    }
}
