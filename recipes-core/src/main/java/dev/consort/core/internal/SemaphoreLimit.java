/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.ClaimSpec.Mode;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * The limit of a semaphore, in a key without a lease: it outlives those who use it. Each call is bounded by the request
 * timeout and keeps the interrupt flag. Thread-safe.
 */
public final class SemaphoreLimit {
    private final EtcdSession session;
    private final String recipe;
    private final QueueKeys keys;

    /** Of a semaphore's name. */
    public SemaphoreLimit(EtcdSession session, String recipe, String name) {
        this.session = session;
        this.recipe = recipe;
        this.keys = SemaphoreQueue.keys(session, name, 0, 1);
    }

    /** The limit, and the permits that are free. */
    public record Use(OptionalInt limit, int free) {}

    /** How many permits a claim asks for; none if it is no claim. */
    public static int permits(StoredClaim claim) {
        String suffix = claim.key().substring(claim.key().lastIndexOf('/') + 1);
        return SemaphoreRule.permits(new QueuedClaim(ByteString.copyFromUtf8(suffix), claim.revision()));
    }

    /** Sets the limit if there is none; what it is now. */
    public int stated(int permits) {
        TxnRequest request = TxnRequest.newBuilder()
                .addCompare(noneBelow(limits()))
                .addSuccess(ClaimTxns.put(SemaphoreRule.limit(keys.prefix(), permits), ByteString.EMPTY, 0))
                .addFailure(ClaimTxns.op(ClaimTxns.prefix(limits(), 0)))
                .build();
        NamesInUse names = session.engine().namesInUse();
        names.enter(recipe, keys.name(), NamesInUse.claims(recipe, Mode.PERMITS), Map.of());
        TxnResponse response;
        try {
            response = answered(session.calls().untilAnswered(request, forNow()));
        } finally {
            names.leave(recipe, keys.name());
        }
        return response.getSucceeded()
                ? permits
                : limitOf(current(response.getResponses(0).getResponseRange()));
    }

    /** What etcd says now. */
    public Use read() {
        RangeResponse range = answered(
                session.calls().range(ClaimTxns.prefix(keys.prefix(), 0).build(), forNow()));
        List<QueuedClaim> inOrder = keys.inOrder(range);
        OptionalInt limit = inOrder.isEmpty() ? OptionalInt.empty() : SemaphoreRule.limit(inOrder.get(0));
        return new Use(limit, SemaphoreRule.free(inOrder));
    }

    /** Changes it, and tells those whom that lets in. Whatever it was before; but not what somebody else makes it meanwhile. */
    public void change(int permits) {
        QueuedClaim current = current(
                answered(session.calls().range(ClaimTxns.prefix(limits(), 0).build(), forNow())));
        if (limitOf(current) != permits) { // else by an attempt that was not answered
            TxnRequest request = TxnRequest.newBuilder()
                    .addCompare(ClaimTxns.createIs(keys.key(current), current.revision()))
                    .addSuccess(ClaimTxns.delete(keys.key(current)))
                    .addSuccess(ClaimTxns.put(SemaphoreRule.limit(keys.prefix(), permits), ByteString.EMPTY, 0))
                    .addFailure(ClaimTxns.op(ClaimTxns.prefix(limits(), 0)))
                    .build();
            TxnResponse response = answered(session.calls().untilAnswered(request, forNow()));
            if (!response.getSucceeded()) {
                int other = limitOf(current(response.getResponses(0).getResponseRange()));
                if (other != permits) {
                    throw failure("its limit was changed to " + other + " by somebody else, just as it was to become "
                            + permits + "; change it again if that is still wanted");
                }
            }
        }
        session.execute(() -> new Baton(session, keys).tellGranted());
    }

    /** Deletes it if nobody holds or waits for a permit; false if somebody does. */
    public boolean delete() {
        TxnRequest request = TxnRequest.newBuilder()
                .addCompare(noneBelow(keys.prefix().concat(SemaphoreRule.CLAIMS)))
                .addSuccess(ClaimTxns.deleteAll(limits()))
                .build();
        return answered(session.calls().untilAnswered(request, forNow())).getSucceeded();
    }

    private static Compare noneBelow(ByteString prefix) {
        return ClaimTxns.createIs(prefix, 0).toBuilder()
                .setRangeEnd(ClaimTxns.endOf(prefix))
                .build();
    }

    private ByteString limits() {
        return SemaphoreRule.limits(keys.prefix());
    }

    /** The key that says it, among whatever else is there. */
    private QueuedClaim current(RangeResponse limits) {
        if (limits.getCount() == 0) {
            throw failure("its limit was deleted; create the semaphore again");
        }
        return keys.inOrder(limits).stream()
                .filter(key -> SemaphoreRule.limit(key).isPresent())
                .findFirst()
                .orElseThrow(() -> failure(
                        "the foreign key '" + session.text(limits.getKvs(0).getKey()) + "' is no limit; delete it"));
    }

    private static int limitOf(QueuedClaim key) {
        return SemaphoreRule.limit(key).orElseThrow();
    }

    private BooleanSupplier forNow() {
        return session.calls().forTheRequestTimeout();
    }

    private RecipeException failure(String message) {
        return new RecipeException(recipe, keys.name(), message, null);
    }

    private <T> T answered(CompletableFuture<T> call) {
        Duration timeout = session.calls().requestTimeout();
        try {
            return Await.uninterruptibly(session.timing(), call, timeout);
        } catch (CallFailure failure) {
            throw session.engine().failure(recipe, keys.name(), timeout, failure);
        }
    }
}
