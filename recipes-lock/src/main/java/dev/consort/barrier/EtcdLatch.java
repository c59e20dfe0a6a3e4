/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import dev.consort.barrier.LatchKeys.State;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.ThisProcess;
import dev.consort.core.internal.Wait;
import dev.consort.core.internal.Waiting;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The latch on keys that stay. What counts down compares that the latch is the one that was seen, and that the id was not
 * counted.
 *
 * <p>Concurrency: {@link #making} is confined to the rendezvous's serializer; the rest is immutable.
 */
final class EtcdLatch implements DistributedLatch, Rendezvous.Recipe<State> {
    static final String RECIPE = "DistributedLatch";

    /** A mirror of the latch holds one small key for each. */
    private static final int MAX_COUNT = 1_000_000;

    private static final int MAX_ID = 1024;

    private final LatchKeys keys;
    private final int count;
    private final Rendezvous<State> rendezvous;
    private final Waiting<State> waiting;
    private final Making making;

    EtcdLatch(Connection connection, String name, int count) {
        EtcdConnection engine = EtcdConnection.of(connection);
        this.keys = new LatchKeys(Names.checked(RECIPE, name));
        if (count < 0 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + name + "' cannot have a count of " + count + ": give 0 to " + MAX_COUNT);
        }
        this.count = count;
        this.rendezvous = new Rendezvous<>(engine, RECIPE, name, this);
        this.waiting = new Waiting<>(rendezvous);
        this.making = new Making(
                rendezvous, () -> step().ifCreated(keys.count(), 0).put(keys.count(), LatchKeys.text(count)));
    }

    @Override
    public State read(Collection<Entry> entries, long revision) {
        return keys.read(entries);
    }

    private Step step() {
        return Step.on(rendezvous.connection());
    }

    private RecipeException failure(String what) {
        return new RecipeException(RECIPE, name(), what, null);
    }

    private RecipeException otherCount(int that) {
        return failure("this process states a count of " + count + ", but the latch in etcd was made with " + that
                + "; state the same count everywhere, or delete() the latch with that count first");
    }

    /** What needs the latch to be there, with this count. Confined to the rendezvous's serializer. */
    private abstract class Use<T> extends Wait<State, T> {
        private long of; // the create revision of the latch that it is about
        private @Nullable State last;

        abstract void use(State state);

        @Override
        protected boolean mayBeginStale() {
            return false;
        }

        @Override
        protected void look(State state) {
            last = state;
            if (of != 0 && state.created() != of) {
                fail(failure("the latch was deleted meanwhile"));
            } else if (state.created() == 0) {
                making.begin();
            } else if (state.count() != count) {
                fail(otherCount(state.count()));
            } else if (!making.isUnderWay(this::again)) {
                of = state.created();
                use(state);
            }
        }

        private void again() {
            if (last != null && !isOver()) {
                look(last);
            }
        }
    }

    /** Waits until it has been counted down. */
    private final class Opening extends Use<Boolean> {
        @Override
        void use(State state) {
            if (state.isOpen()) {
                pass(true);
            } else {
                mustWait();
            }
        }
    }

    /** Counts one down. What is sent twice finds its own text there. */
    private final class Down extends Use<Boolean> {
        private final String key;
        private final String text = ThisProcess.text() + " by=" + UUID.randomUUID();
        private boolean sent;

        Down(String id) {
            this.key = keys.down(id);
        }

        @Override
        void use(State state) {
            if (sent) {
                return;
            }
            sent = true;
            rendezvous.take(
                    step().ifCreated(keys.count(), state.created())
                            .ifCreated(key, 0)
                            .put(key, text)
                            .otherwiseRead(key),
                    this::answered,
                    this::fail);
        }

        private void answered(Step.Answer answer) {
            if (answer.applied()) {
                pass(true);
            } else if (answer.read().isPresent()) {
                pass(answer.read().get().value().toStringUtf8().equals(text));
            } else {
                fail(failure("the latch was deleted meanwhile"));
            }
        }
    }

    // DistributedLatch

    @Override
    public String name() {
        return keys.name();
    }

    @Override
    public boolean countDown(String id) {
        return waiting.answer(new Down(checked(id)));
    }

    @Override
    public CompletableFuture<Boolean> countDownAsync(String id) {
        return waiting.awaitAsync(new Down(checked(id)));
    }

    private static String checked(String id) {
        if (Objects.requireNonNull(id, "id").isEmpty() || id.length() > MAX_ID) {
            throw new IllegalArgumentException("id '" + id.substring(0, Math.min(id.length(), 64)) + "' has "
                    + id.length() + " characters: give 1 to " + MAX_ID);
        }
        return id;
    }

    @Override
    public void await() throws InterruptedException {
        boolean unused = waiting.await(new Opening());
    }

    @Override
    public boolean await(Duration timeout) throws InterruptedException {
        return waiting.await(new Opening(), timeout).isPresent();
    }

    @Override
    public CompletableFuture<Void> awaitAsync() {
        return waiting.awaitAsync(new Opening(), open -> CompletableFuture.allOf());
    }

    @Override
    public int count() {
        State now = rendezvous.now();
        if (now.created() != 0 && now.count() != count) {
            throw otherCount(now.count());
        }
        return now.created() == 0 ? count : now.left();
    }

    @Override
    public void delete() {
        boolean unused = waiting.answer(new Change<>(
                rendezvous,
                making,
                state -> step().ifCreated(keys.count(), state.created()).deleteBelow(name() + "/"),
                state -> state.created() == 0));
    }

    @Override
    public String toString() {
        return RECIPE + " '" + name() + "'";
    }
}
