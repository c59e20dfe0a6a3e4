/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Finds out whether a key went because its session ended: a lease takes all its keys with it in one revision, the session's
 * mailbox too.
 */
public final class SessionEnd {
    private final EtcdSession session;
    private final ByteString mailbox;
    private final long lease;
    private final CompletableFuture<Boolean> result = new CompletableFuture<>();

    private SessionEnd(EtcdSession session, long lease) {
        this.session = session;
        this.mailbox = session.mailboxKey(lease);
        this.lease = lease;
    }

    /**
     * Whether a session had ended when a key of its was gone; asked until answered or the asking session ends.
     *
     * @param asking by whose connection, and on whose serializer the answer is told
     * @param lease of the key
     * @param revision at which the key was deleted; if that is compacted by now, whether it has ended at all
     */
    public static void tell(EtcdSession asking, long lease, long revision, Consumer<Boolean> answer) {
        SessionEnd end = new SessionEnd(asking, lease);
        end.look(revision, revision - 1);
        Completion.of(end.result, (ended, failure) -> {
            if (failure == null) {
                asking.execute(() -> answer.accept(ended));
            }
        });
    }

    private void look(long at, long before) {
        RangeRequest request =
                ClaimTxns.key(mailbox).setRevision(at).setCountOnly(true).build();
        Completion.of(session.calls().range(request, session::isOpen), (range, failure) -> {
            if (failure == null && range.getCount() > 0) {
                // It was there before, and then went with the key; or is there yet, and the key went alone.
                result.complete(before == 0 && at != 0);
            } else if (failure == null && before != 0) {
                look(before, 0);
            } else if (failure instanceof CallFailure call && call.code() == Status.Code.OUT_OF_RANGE) {
                look(0, 0);
            } else if (failure == null) {
                askForTheLease(); // of another client, which has no mailbox
            } else {
                result.completeExceptionally(failure);
            }
        });
    }

    private void askForTheLease() {
        LeaseTimeToLiveRequest request =
                LeaseTimeToLiveRequest.newBuilder().setID(lease).build();
        Completion.of(
                session.calls().untilAnswered(LeaseGrpc.getLeaseTimeToLiveMethod(), request, session::isOpen),
                (answer, failure) -> {
                    if (failure == null) {
                        result.complete(answer.getGrantedTTL() == 0);
                    } else if (failure instanceof CallFailure call && call.kind() == CallFailure.Kind.LEASE_GONE) {
                        result.complete(true);
                    } else {
                        result.completeExceptionally(failure);
                    }
                });
    }
}
