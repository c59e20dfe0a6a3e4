/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Puts the key of a claim, or those of several claims in one transaction, and finds out for certain whether that was done:
 * ACQUIRE and RESOLVE of docs/protocol.md.
 *
 * <p>Concurrency: confined to the session's serializer. An answer that comes after {@link #stop} is ignored.
 */
final class Acquisition {
    /** What the claim is told; one of the last four ends the acquisition. */
    interface Owner {
        /** Whether to go on. */
        boolean wanted();

        /** etcd does not let it be decided for now; whoever waits is to be told, the acquisition goes on. */
        void stuck(RecipeException why);

        /** The keys were put, and this is what was read with each. */
        void made(long revision, List<ClaimRule.Verdict> verdicts);

        /** Keys of ours are there: put by an attempt that was not answered, or left by an earlier one. */
        void found(List<KeyValue> mine);

        /** No key is certainly put, and not wanted any more, or the conditions do not hold. */
        void notMade();

        /** No key is certainly put by us, and cannot be. */
        void refused(RecipeException why);
    }

    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final List<QueueKeys> queues;
    private final String recipe;
    private final String name;
    private final ByteString value;
    private final List<Compare> onlyIf;
    private final Owner owner;
    private int refusals;
    private boolean over;

    Acquisition(
            EtcdSession session,
            List<QueueKeys> queues,
            String recipe,
            String name,
            ByteString value,
            List<Compare> onlyIf,
            Owner owner) {
        this.session = session;
        this.queues = queues;
        this.recipe = recipe;
        this.name = name;
        this.value = value;
        this.onlyIf = onlyIf;
        this.owner = owner;
    }

    void start() {
        put();
    }

    void stop() {
        over = true;
    }

    private void put() {
        answer(
                session.calls()
                        .txn(ClaimTxns.acquire(
                                queues, value, session.leaseId(), session.fenceKey(), session.fenceRevision(), onlyIf)),
                this::onPut,
                failure -> {
                    switch (failure.kind()) {
                        case REFUSED -> later(session.calls().pause(refusals++), this::putIfWanted);
                        case AMBIGUOUS -> fence();
                        case LEASE_GONE -> session.lose(LossReason.REVOKED);
                        case FINAL -> refuse(failure.toException(recipe, name));
                    }
                });
    }

    private void putIfWanted() {
        if (owner.wanted()) {
            put();
        } else {
            over = true;
            owner.notMade();
        }
    }

    private void onPut(TxnResponse response) {
        if (response.getSucceeded()) {
            over = true;
            owner.made(response.getHeader().getRevision(), verdicts(response));
            return;
        }
        List<KeyValue> fence = read(response, queues.size());
        if (fence.isEmpty()) {
            // Somebody deleted the session's own keys: nothing would kill a late attempt any more.
            session.lose(LossReason.REVOKED);
        } else {
            boolean fenced = fence.get(0).getModRevision() > session.fenceRevision();
            session.fenceSeen(fence.get(0).getModRevision());
            List<KeyValue> there = readFrom(response, 0);
            if (!fenced && !onlyIf.isEmpty() && there.isEmpty()) {
                over = true;
                owner.notMade();
            } else {
                resolve(there);
            }
        }
    }

    private List<ClaimRule.Verdict> verdicts(TxnResponse response) {
        List<ClaimRule.Verdict> verdicts = new ArrayList<>();
        List<RangeResponse> read = ClaimTxns.rangesAfter(queues.size(), response);
        int from = 0;
        for (QueueKeys keys : queues) {
            int to = from + keys.rule().whenMade(keys).size();
            verdicts.add(keys.rule().made(keys, read.subList(from, to)));
            from = to;
        }
        return verdicts;
    }

    /** The put was not answered: (!) kill every late attempt before reading, for absent would prove nothing else. */
    private void fence() {
        answer(
                session.calls()
                        .untilAnswered(ClaimTxns.fence(session.fenceKey(), session.leaseId(), queues), session::isOpen),
                response -> {
                    session.fenceSeen(response.getHeader().getRevision());
                    resolve(readFrom(response, 1));
                },
                failure -> {
                    if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                        session.lose(LossReason.REVOKED);
                    } else {
                        later(TRY_AGAIN_AFTER, this::fence);
                        owner.stuck(failure.toException(recipe, name));
                    }
                });
    }

    /** What is there now is all there is: no earlier attempt can land any more. */
    private void resolve(List<KeyValue> there) {
        List<KeyValue> mine =
                there.stream().filter(kv -> kv.getLease() == session.leaseId()).toList();
        if (there.isEmpty()) {
            putIfWanted();
        } else if (!mine.isEmpty()) {
            over = true;
            owner.found(mine);
        } else {
            refuse(new RecipeException(
                    recipe,
                    name,
                    "another client wrote the key '"
                            + session.text(there.get(0).getKey())
                            + "', which is this session's place in the queue; delete that key",
                    null));
        }
    }

    private void refuse(RecipeException why) {
        over = true;
        owner.refused(why);
    }

    /** The keys of the claims, as far as they are there. */
    private List<KeyValue> readFrom(TxnResponse response, int first) {
        return IntStream.range(first, first + queues.size())
                .mapToObj(index -> read(response, index))
                .flatMap(List::stream)
                .toList();
    }

    private static List<KeyValue> read(TxnResponse response, int index) {
        ResponseOp op = response.getResponses(index);
        return op.getResponseRange().getKvsList();
    }

    private void answer(
            CompletableFuture<TxnResponse> call, Consumer<TxnResponse> onAnswer, Consumer<CallFailure> onFailure) {
        session.onAnswer(call, (answer, failure) -> {
            if (over || !session.isOpen()) {
                return;
            }
            if (failure == null) {
                onAnswer.accept(answer);
            } else {
                onFailure.accept(failure);
            }
        });
    }

    private void later(Duration delay, Runnable step) {
        session.after(delay, () -> {
            if (!over && session.isOpen()) {
                step.run();
            }
        });
    }
}
