/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.HeldKey;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.SnapshotReads;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Timing;
import dev.consort.core.internal.Waiting;
import dev.consort.queue.Offering.Result;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A work queue by one session. Thread-safe. */
final class WorkItems<T> {
    private static final Logger log = LoggerFactory.getLogger(WorkItems.class);

    private final EtcdSession session;
    private final WorkQueueBuilder<T> setup;
    private final QueueLayout layout;
    private final Store store;
    private final Handing handing;
    private final Offering offering;
    private final DeadLetterBox deadLetters;
    private final WorkTxns txns;
    private final Line line;
    private final Waiting<Line> waiting;

    WorkItems(EtcdSession session, WorkQueueBuilder<T> setup) {
        this.session = session;
        this.setup = setup;
        this.layout = new QueueLayout(Names.checked(EtcdWorkQueue.RECIPE, setup.name(), session));
        this.store = Store.of(session.engine(), EtcdWorkQueue.RECIPE);
        this.handing = new Handing(store, session.executor(), setup.name());
        this.offering = Offering.of(session, store, layout, Orders.FIFO, setup.options());
        this.deadLetters = new DeadLetterBox(store, layout);
        this.txns = new WorkTxns(store, layout, deadLetters);
        this.line = Line.of(session, EtcdWorkQueue.RECIPE, layout, new Terms(true, Orders.FIFO));
        this.waiting = new Waiting<>(line);
    }

    EtcdSession session() {
        return session;
    }

    DeadLetterBox deadLetters() {
        return deadLetters;
    }

    Result offer(List<? extends T> values, @Nullable String id) {
        return handing.await(offering.offer(encoded(values), 0, id));
    }

    CompletableFuture<Result> offerAsync(List<? extends T> values) {
        return handing.async(offering.offer(encoded(values), 0, null));
    }

    private List<ByteString> encoded(List<? extends T> values) {
        return values.stream()
                .map(value -> Codecs.encode(
                        setup.codec(), Objects.requireNonNull(value, "item"), EtcdWorkQueue.RECIPE, layout.name()))
                .toList();
    }

    // Receiving

    EtcdDelivery<T> receive() throws InterruptedException {
        Optional<EtcdDelivery<T>> delivery;
        do {
            delivery = delivery(waiting.await(take(true)));
        } while (delivery.isEmpty()); // what cannot be delivered is out of the way
        return delivery.get();
    }

    Optional<Delivery<T>> receive(Duration timeout) throws InterruptedException {
        Timing timing = session.timing();
        long start = timing.nanoTime();
        Duration left = Objects.requireNonNull(timeout, "timeout");
        while (true) {
            Optional<Taken> taken = waiting.await(take(left.compareTo(Duration.ZERO) > 0), left);
            Optional<EtcdDelivery<T>> delivery = taken.flatMap(this::delivery);
            if (taken.isEmpty() || delivery.isPresent()) {
                return delivery.map(found -> found);
            }
            left = timeout.minusNanos(timing.nanoTime() - start);
        }
    }

    CompletableFuture<Delivery<T>> receiveAsync() {
        CompletableFuture<Delivery<T>> result = new CompletableFuture<>();
        receiveInto(result);
        return result;
    }

    private void receiveInto(CompletableFuture<Delivery<T>> result) {
        CompletableFuture<Taken> taking = waiting.awaitAsync(take(true));
        var unused = taking.whenComplete((taken, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Handing.unwrapped(failure));
                return;
            }
            Optional<EtcdDelivery<T>> delivery = delivery(taken);
            if (delivery.isEmpty()) {
                receiveInto(result);
            } else if (!result.complete(delivery.get())) {
                var unusedThen = delivery.get().releaseAsync();
            }
        });
        var unusedToo = result.whenComplete((value, failure) -> taking.cancel(false));
    }

    private Take take(boolean patient) {
        return new Take(line, patient, taken -> {
            var unused = held(taken).grant().releaseAsync();
        });
    }

    private HeldKey held(Taken taken) {
        return new HeldKey(
                session,
                EtcdWorkQueue.RECIPE,
                layout.name() + "' item '" + taken.item().suffix(),
                txns.hold(taken.item()),
                taken.revision(),
                txns.giveBack(taken.item()),
                line::changedAt);
    }

    private Optional<EtcdDelivery<T>> delivery(Taken taken) {
        HeldKey hold = held(taken);
        if (taken.attempt() > setup.maxAttempts()) {
            long delivered = taken.attempt() - 1;
            return putAside(hold, taken, "not acknowledged within " + delivered + " deliveries", delivered);
        }
        try {
            T value = Codecs.decode(setup.codec(), taken.value(), EtcdWorkQueue.RECIPE, layout.name());
            return Optional.of(
                    new EtcdDelivery<>(session, hold, txns, taken, value, setup.maxAttempts(), setup.timeLimit()));
        } catch (RecipeException | Error e) { // it would fail the same way, and its hold would stay with the session
            return putAside(hold, taken, "cannot be decoded: " + DeadLetterBox.why(e), taken.attempt());
        }
    }

    private Optional<EtcdDelivery<T>> putAside(HeldKey hold, Taken taken, String reason, long attempts) {
        log.warn(
                "WorkQueue '{}': item {} goes to the dead letters: {}",
                layout.name(),
                taken.item().suffix(),
                reason);
        var unused = hold.releaseAsync(txns.putAside(taken, reason, attempts));
        return Optional.empty();
    }

    // Looking

    WorkQueueState state() {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        txn.addSuccess(read(below(layout.items()).setCountOnly(true)))
                .addSuccess(read(below(layout.holds())))
                .addSuccess(read(below(layout.dead()).setCountOnly(true)))
                .addSuccess(read(below(layout.items()).setKeysOnly(true).setLimit(1)));
        TxnResponse found = handing.await(SnapshotReads.send(session.engine(), txn.build()));
        long now = session.now().toEpochMilli();
        List<Hold> holds = found.getResponses(1).getResponseRange().getKvsList().stream()
                .map(kv -> Hold.of(kv.getModRevision(), kv.getLease(), kv.getValue()))
                .toList();
        return new WorkQueueState(
                found.getResponses(0).getResponseRange().getCount(),
                holds.stream().filter(Hold::isHeld).count(),
                holds.stream()
                        .filter(hold -> !hold.isHeld() && hold.until() > now)
                        .count(),
                found.getResponses(2).getResponseRange().getCount(),
                found.getResponses(3).getResponseRange().getKvsList().stream()
                        .findFirst()
                        .flatMap(first -> QueueLayout.offeredAt(
                                store.relative(first.getKey()).toStringUtf8()))
                        .map(offered -> Duration.ofMillis(Math.max(0, now - offered))));
    }

    private RangeRequest.Builder below(String folder) {
        return RangeRequest.newBuilder().setKey(store.key(folder)).setRangeEnd(store.key(QueueTxns.after(folder)));
    }

    private static RequestOp read(RangeRequest.Builder range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }
}
