/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Puts a claim's key, and finds out for certain whether it was put: ACQUIRE and RESOLVE of docs/protocol.md.
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

        /** The key was put, and this is what was read with it. */
        void made(long revision, ClaimRule.Verdict verdict);

        /** The key was put by an attempt that was not answered. */
        void found(KeyValue mine);

        /** The key is certainly not put, and not wanted any more, or its conditions do not hold. */
        void notMade();

        /** The key is certainly not put by us, and cannot be. */
        void refused(RecipeException why);
    }

    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(1);

    private final EtcdSession session;
    private final QueueKeys keys;
    private final String recipe;
    private final ByteString value;
    private final List<Compare> onlyIf;
    private final Owner owner;
    private int refusals;
    private boolean over;

    Acquisition(
            EtcdSession session, QueueKeys keys, String recipe, ByteString value, List<Compare> onlyIf, Owner owner) {
        this.session = session;
        this.keys = keys;
        this.recipe = recipe;
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
                                keys, value, session.leaseId(), session.fenceKey(), session.fenceRevision(), onlyIf)),
                this::onPut,
                failure -> {
                    switch (failure.kind()) {
                        case REFUSED -> later(session.calls().pause(refusals++), this::putIfWanted);
                        case AMBIGUOUS -> fence();
                        case LEASE_GONE -> session.lose(LossReason.REVOKED);
                        case FINAL -> refuse(failure.toException(recipe, keys.name()));
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
            owner.made(
                    response.getHeader().getRevision(), keys.rule().made(keys, ClaimTxns.rangesAfterFirst(response)));
            return;
        }
        List<KeyValue> fence = read(response, 1);
        if (fence.isEmpty()) {
            // Somebody deleted the session's own keys: nothing would kill a late attempt any more.
            session.lose(LossReason.REVOKED);
        } else {
            boolean fenced = fence.get(0).getModRevision() > session.fenceRevision();
            session.fenceSeen(fence.get(0).getModRevision());
            if (!fenced && !onlyIf.isEmpty() && read(response, 0).isEmpty()) {
                over = true;
                owner.notMade();
            } else {
                resolve(read(response, 0));
            }
        }
    }

    /** The put was not answered: (!) kill every late attempt before reading, for absent would prove nothing else. */
    private void fence() {
        answer(
                session.calls()
                        .untilAnswered(
                                ClaimTxns.fence(session.fenceKey(), session.leaseId(), keys.own()), session::isOpen),
                response -> {
                    session.fenceSeen(response.getHeader().getRevision());
                    resolve(read(response, 1));
                },
                failure -> {
                    if (failure.kind() == CallFailure.Kind.LEASE_GONE) {
                        session.lose(LossReason.REVOKED);
                    } else {
                        later(TRY_AGAIN_AFTER, this::fence);
                        owner.stuck(failure.toException(recipe, keys.name()));
                    }
                });
    }

    /** What is there now is all there is: no earlier attempt can land any more. */
    private void resolve(List<KeyValue> mine) {
        if (mine.isEmpty()) {
            putIfWanted();
        } else if (mine.get(0).getLease() == session.leaseId()) {
            over = true;
            owner.found(mine.get(0));
        } else {
            refuse(new RecipeException(
                    recipe,
                    keys.name(),
                    "another client wrote the key '" + session.text(keys.own())
                            + "', which is this session's place in the queue; delete that key",
                    null));
        }
    }

    private void refuse(RecipeException why) {
        over = true;
        owner.refused(why);
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
