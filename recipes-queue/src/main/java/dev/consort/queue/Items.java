/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Timing;
import dev.consort.core.internal.Waiting;
import dev.consort.queue.Offering.Result;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the queues have in common whose items are removed as they are taken: values in, values out. Thread-safe.
 *
 * @param <T> the type of the values
 */
final class Items<T> {
    private static final Logger log = LoggerFactory.getLogger(Items.class);

    private final String recipe;
    private final QueueLayout layout;
    private final Codec<T> codec;
    private final boolean timed;
    private final EtcdSession session;
    private final Store store;
    private final Handing handing;
    private final Offering offering;
    private final Room room;
    private final DeadLetterBox deadLetters;
    private final Line line;
    private final Waiting<Line> waiting;

    Items(Session session, String recipe, String name, Codec<T> codec, Orders orders, QueueOptions options) {
        this.recipe = recipe;
        this.layout = new QueueLayout(Names.checked(recipe, name, session));
        this.codec = Objects.requireNonNull(codec, "codec");
        this.timed = orders == Orders.DUE;
        this.session = EtcdSession.of(session);
        this.store = Store.of(this.session.engine(), recipe);
        this.handing = new Handing(store, this.session.executor(), name);
        this.offering = Offering.of(this.session, store, layout, orders, options);
        this.room = Room.of(this.session, store, layout, offering, options);
        this.deadLetters = new DeadLetterBox(store, layout);
        this.line = Line.of(this.session, recipe, layout, new Terms(false, orders));
        this.waiting = new Waiting<>(line);
    }

    String name() {
        return layout.name();
    }

    EtcdSession session() {
        return session;
    }

    DeadLetterBox deadLetters() {
        return deadLetters;
    }

    // Offering

    Result offer(List<? extends T> values, long by, @Nullable String id) {
        return handing.await(send(values, by, id));
    }

    /** Waits for room, if there must be room. Heeds an interrupt also where it need not wait, as a {@code BlockingQueue} does. */
    boolean offer(T value, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(value, "item");
        Objects.requireNonNull(timeout, "timeout");
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (timeout.isNegative() || timeout.isZero() || !offering.isLimited()) {
            return offer(List.of(value), 0, null) == Result.OFFERED;
        }
        ByteString bytes = encoded(List.of(value)).get(0);
        offering.check(List.of(bytes));
        return new Waiting<>(room).await(new Room.Offer(room, bytes), timeout).isPresent();
    }

    CompletableFuture<Result> offerAsync(List<? extends T> values, long by, @Nullable String id) {
        return handing.async(send(values, by, id));
    }

    private CompletableFuture<Result> send(List<? extends T> values, long by, @Nullable String id) {
        return offering.offer(encoded(values), by, id);
    }

    private List<ByteString> encoded(List<? extends T> values) {
        return values.stream()
                .map(value -> Codecs.encode(codec, Objects.requireNonNull(value, "item"), recipe, name()))
                .toList();
    }

    // Taking

    T take() throws InterruptedException {
        Optional<T> value;
        do {
            value = decoded(waiting.await(new Take(line, true, this::putBack)));
        } while (value.isEmpty()); // one that cannot be decoded is out of the way
        return value.get();
    }

    Optional<T> poll(Duration timeout) throws InterruptedException {
        Timing timing = session.timing();
        long start = timing.nanoTime();
        Duration left = Objects.requireNonNull(timeout, "timeout");
        while (true) {
            boolean patient = left.compareTo(Duration.ZERO) > 0;
            Optional<Taken> taken = waiting.await(new Take(line, patient, this::putBack), left);
            Optional<T> value = taken.flatMap(this::decoded);
            if (taken.isEmpty() || value.isPresent()) {
                return value;
            }
            left = timeout.minusNanos(timing.nanoTime() - start);
        }
    }

    CompletableFuture<T> takeAsync() {
        CompletableFuture<T> result = new CompletableFuture<>();
        takeInto(result);
        return result;
    }

    private void takeInto(CompletableFuture<T> result) {
        CompletableFuture<Taken> taking = waiting.awaitAsync(new Take(line, true, this::putBack));
        var unused = taking.whenComplete((taken, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Handing.unwrapped(failure));
            } else {
                decoded(taken)
                        .ifPresentOrElse(
                                value -> {
                                    if (!result.complete(value)) {
                                        putBack(taken);
                                    }
                                },
                                () -> takeInto(result));
            }
        });
        var unusedToo = result.whenComplete((value, failure) -> taking.cancel(false));
    }

    private Optional<T> decoded(Taken taken) {
        try {
            return Optional.of(Codecs.decode(codec, taken.value(), recipe, name()));
        } catch (RecipeException e) {
            log.warn("{} '{}': an item cannot be decoded and goes to the dead letters", recipe, name(), e);
            keep(deadLetters.put(taken.item(), taken.value(), DeadLetterBox.why(e), taken.attempt()), "dead letter");
            return Optional.empty();
        }
    }

    /** Nobody wanted it any more when it came. */
    private void putBack(Taken taken) {
        keep(
                store.commit(QueueTxns.of(
                        QueueTxns.put(store.key(layout.items() + taken.item().suffixPutBack()), taken.value()),
                        QueueTxns.put(store.key(layout.ahead()), ByteString.EMPTY))),
                "put back");
    }

    private void keep(CompletableFuture<?> written, String what) {
        Consumer<Throwable> lost = failure ->
                log.warn("{} '{}': an item that was taken could not be written as {}", recipe, name(), what, failure);
        var unused = written.whenComplete((done, failure) -> {
            if (failure != null) {
                lost.accept(failure);
            }
        });
    }

    // Looking

    Optional<T> peek() {
        String end = timed
                ? layout.items() + QueueLayout.due(session.now().toEpochMilli() + 1)
                : QueueTxns.after(layout.items());
        return handing.await(new Head(store, layout, end).value())
                .map(bytes -> Codecs.decode(codec, bytes, recipe, name()));
    }

    long size() {
        return handing.await(offering.size());
    }
}
