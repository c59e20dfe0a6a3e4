/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where those meet who wait for what the keys below a name will say: a copy of these keys, kept by the view that all of
 * the connection share, and after each revision a look at it for everybody. When the last has left, the view stays for a
 * moment, for many come again soon.
 *
 * <p>A view that is out of date tells nothing, so nobody passes for want of news.
 *
 * <p>Concurrency: state is confined to {@link #serializer}, the session's if there is one.
 *
 * @param <S> what the keys mean
 */
public final class Rendezvous<S> extends Place<S> {
    /** How long the view stays when nobody waits. */
    static final Duration LINGER = Duration.ofSeconds(10);

    /** What the keys mean, and what is to be done whoever waits; called on the serializer. */
    public interface Recipe<S> {
        /**
         * Reads the keys.
         *
         * @param keys in their order; not to be changed
         * @param revision of the store, at which they are so
         * @throws RecipeException if there are keys that are none of this recipe's
         */
        S read(Collection<Entry> keys, long revision);

        /** The state is this, and somebody waits. */
        default void look(S state) {}
    }

    private final EtcdConnection connection;
    private final @Nullable EtcdSession session;
    private final String recipe;
    private final String name;
    private final KeyRange range;
    private final String text; // of the range, for messages
    private final Recipe<S> meaning;
    private final Executor serializer;
    private final Consumer<LossReason> onSessionEnd = this::sessionEnded;
    // Confined to serializer.
    private final SortedMap<ByteString, Entry> keys = new TreeMap<>(ByteString.unsignedLexicographicalComparator());
    private final Set<Wait<S, ?>> waits = new LinkedHashSet<>();
    private @Nullable Subscription view;
    private long revision; // of the keys; 0 until they have been read
    private @Nullable S state; // of the keys, once somebody wants it
    private @Nullable RecipeException refused;

    /** A place for those that wait through a session, and fail with it. */
    public Rendezvous(EtcdSession session, String recipe, String name, Recipe<S> meaning) {
        this(
                session.engine(),
                session,
                session::execute,
                recipe,
                name,
                below(session.engine(), name + "/"),
                name + "/",
                meaning);
    }

    /** The same, for those who look at one key, which is of that name. */
    static <S> Rendezvous<S> atKey(EtcdSession session, String recipe, String name, String key, Recipe<S> meaning) {
        KeyRange range = KeyRange.one(session.key(ByteString.copyFromUtf8(key)));
        return new Rendezvous<>(session.engine(), session, session::execute, recipe, name, range, key, meaning);
    }

    /** A place for those that need no session. */
    public Rendezvous(EtcdConnection connection, String recipe, String name, Recipe<S> meaning) {
        this(connection, null, new Serializer(), recipe, name, below(connection, name + "/"), name + "/", meaning);
    }

    /** A place for those that need no session and look at the key of this name alone. */
    public static <S> Rendezvous<S> atKey(EtcdConnection connection, String recipe, String name, Recipe<S> meaning) {
        KeyRange key = KeyRange.one(connection.key(ByteString.copyFromUtf8(name)));
        return new Rendezvous<>(connection, null, new Serializer(), recipe, name, key, name, meaning);
    }

    private static KeyRange below(EtcdConnection connection, String prefix) {
        return KeyRange.prefix(connection.key(ByteString.copyFromUtf8(prefix)));
    }

    private Rendezvous(
            EtcdConnection connection,
            @Nullable EtcdSession session,
            Executor serializer,
            String recipe,
            String name,
            KeyRange range,
            String text,
            Recipe<S> meaning) {
        this.connection = connection;
        this.session = session;
        this.serializer = serializer;
        this.recipe = recipe;
        this.name = name;
        this.range = range;
        this.text = text;
        this.meaning = meaning;
    }

    @Override
    public EtcdConnection connection() {
        return connection;
    }

    @Override
    protected String recipe() {
        return recipe;
    }

    @Override
    protected String name() {
        return name;
    }

    @Override
    public void callback(Runnable task) {
        if (session != null) {
            session.callback(task);
        } else {
            connection.callback(task);
        }
    }

    @Override
    public void execute(Runnable task) {
        serializer.execute(task);
    }

    // Who waits

    @Override
    public void join(Wait<S, ?> wait) {
        serializer.execute(() -> {
            wait.begin(this);
            wait.since = wait.mayBeginStale() ? 0 : Long.MAX_VALUE;
            waits.add(wait);
            try {
                open();
            } catch (IllegalStateException | IllegalArgumentException | SessionLostException e) {
                wait.fail(e);
                return;
            }
            if (refused != null) {
                wait.fail(refused);
            } else if (revision != 0 && wait.mayBeginStale()) {
                tell(List.of(wait));
            } else if (revision != 0) {
                beginNow(wait);
            }
        });
    }

    /** Reads the keys for one that must not begin with what is out of date; unless the view is ahead by then. */
    private void beginNow(Wait<S, ?> wait) {
        Completion.of(
                PrefixReader.read(connection, range, this::isOpen),
                (read, failure) -> serializer.execute(() -> {
                    if (!waits.contains(wait)) {
                        return;
                    }
                    if (failure != null) {
                        onFailure((CallFailure) failure, wait::fail);
                    } else if (revision >= read.revision()) {
                        wait.since = 0;
                        tell(List.of(wait));
                    } else {
                        wait.since = read.revision();
                        try {
                            wait.look(meaning.read(read.entries(), read.revision()));
                        } catch (RecipeException e) {
                            wait.fail(e);
                        }
                    }
                }));
    }

    @Override
    protected void leave(Wait<S, ?> wait) {
        if (waits.remove(wait) && waits.isEmpty()) {
            close();
        }
    }

    private void open() {
        if (view != null) {
            return;
        }
        if (session != null) {
            session.checkNotEnded(recipe, name);
        }
        connection.namesInUse().enter(recipe, name);
        if (session != null) {
            session.attach(onSessionEnd);
        }
        view = PrefixView.open(connection, range, recipe, text, serializer, new Listener(), LINGER);
    }

    private void close() {
        if (view == null) {
            return;
        }
        view.close();
        view = null;
        revision = 0;
        state = null;
        refused = null;
        keys.clear();
        connection.namesInUse().leave(recipe, name);
        if (session != null) {
            session.detach(onSessionEnd);
        }
    }

    private void sessionEnded(LossReason reason) {
        failAll(new SessionLostException(recipe, name, reason));
        close();
    }

    /** Fails everybody who waits, for a reason that is nobody's own. (!) What they wrote must not wait on without them. */
    public void failAll(RuntimeException why) {
        for (Wait<S, ?> wait : List.copyOf(waits)) {
            wait.fail(why);
            if (isOpen()) {
                wait.stranded();
            }
        }
    }

    // What they are told

    private void changed(long at) {
        revision = at;
        state = null;
        refused = null;
        if (!waits.isEmpty()) {
            tell(waits);
        }
    }

    private void tell(Collection<Wait<S, ?>> whom) {
        if (state == null) {
            try {
                state = meaning.read(keys.values(), revision);
            } catch (RecipeException e) {
                failAll(e);
                return;
            }
        }
        S now = state;
        meaning.look(now);
        List.copyOf(whom).forEach(wait -> {
            if (waits.contains(wait) && wait.since < revision) {
                wait.look(now);
            }
        });
    }

    /** The view's calls come on the serializer. */
    private final class Listener implements PrefixView.Listener {
        @Override
        public void onSnapshot(Snapshot snapshot) {
            keys.clear();
            snapshot.entries().forEach(entry -> keys.put(entry.key(), entry));
            boolean first = revision == 0;
            changed(snapshot.revision());
            if (first) {
                List.copyOf(waits).stream()
                        .filter(wait -> !wait.mayBeginStale())
                        .forEach(Rendezvous.this::beginNow);
            }
        }

        @Override
        public void onChanges(long at, List<Change> changes) {
            for (Change change : changes) {
                if (change.after() == null) {
                    keys.remove(change.key());
                } else {
                    keys.put(change.key(), change.after());
                }
            }
            changed(at);
        }

        @Override
        public void onFailed(RecipeException why) {
            refused = why;
            failAll(why);
        }

        @Override
        public void onEnd() {
            failAll(new RecipeException(recipe, name, "its connection was closed while it was waited for", null));
            close();
        }
    }

    // What they write

    /** Takes a step, sent until it is answered. One that etcd refuses for good fails the one for whom it was. */
    public void take(Step step, Consumer<Step.Answer> then, Consumer<RecipeException> otherwise) {
        Completion.of(
                connection.calls().untilAnswered(step.request(), this::isOpen),
                (response, failure) -> serializer.execute(() -> {
                    if (failure == null) {
                        then.accept(step.answer(response));
                    } else {
                        onFailure((CallFailure) failure, otherwise);
                    }
                }));
    }

    private void onFailure(CallFailure failure, Consumer<RecipeException> otherwise) {
        if (session != null && connection.calls().isShutDown()) {
            session.lose(LossReason.CLIENT_CLOSED);
        }
        if (session != null && failure.kind() == CallFailure.Kind.LEASE_GONE) {
            session.lose(LossReason.REVOKED);
        } else {
            otherwise.accept(failure.toException(recipe, name));
        }
    }

    /** What the keys say now, as etcd knows; bounded by the request timeout, keeps the interrupt flag. */
    public S now() {
        Calls calls = connection.calls();
        Duration timeout = calls.requestTimeout();
        try {
            PrefixReader.Reading read = Await.uninterruptibly(
                    connection.timing(), PrefixReader.read(connection, range, calls.forTheRequestTimeout()), timeout);
            return meaning.read(read.entries(), read.revision());
        } catch (CallFailure failure) {
            throw connection.failure(recipe, name, timeout, failure);
        }
    }

    /** Takes a step for which nobody has to wait for others; bounded by the request timeout, keeps the interrupt flag. */
    public Step.Answer answer(Step step) {
        Calls calls = connection.calls();
        Duration timeout = calls.requestTimeout();
        connection.namesInUse().enter(recipe, name);
        try {
            return step.answer(Await.uninterruptibly(
                    connection.timing(), calls.untilAnswered(step.request(), calls.forTheRequestTimeout()), timeout));
        } catch (CallFailure failure) {
            throw connection.failure(recipe, name, timeout, failure);
        } finally {
            connection.namesInUse().leave(recipe, name);
        }
    }

    private boolean isOpen() {
        return session != null ? session.isOpen() : connection.isOpen();
    }
}
