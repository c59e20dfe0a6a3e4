/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.lock.LockGrpc;
import io.etcd.jetcd.api.lock.LockRequest;
import io.etcd.jetcd.api.lock.LockResponse;
import io.etcd.jetcd.api.lock.UnlockRequest;
import io.etcd.jetcd.api.lock.UnlockResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/** etcd's Lock service, which waits for the keys before its own (etcd's {@code concurrency/mutex.go}). Threadsafe. */
final class LockService extends LockGrpc.LockImplBase {
    private final Member member;

    LockService(Member member) {
        this.member = member;
    }

    @Override
    public void lock(LockRequest request, StreamObserver<LockResponse> client) {
        Attempt attempt = new Attempt(client, request);
        member.core().run(attempt::begin);
    }

    @Override
    public void unlock(UnlockRequest request, StreamObserver<UnlockResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            DeleteRangeRequest delete =
                    DeleteRangeRequest.newBuilder().setKey(request.getKey()).build();
            try {
                Checks.delete(delete);
                var unused = member.kv().delete(caller, delete);
            } catch (StatusRuntimeException e) {
                throw EtcdError.withoutCode(e);
            }
            return UnlockResponse.newBuilder().setHeader(member.header()).build();
        });
    }

    /** One call that waits; confined to the server's lock but for {@link #cancel}. */
    private final class Attempt {
        private final Outbox<LockResponse> outbox;
        private final LockRequest request;
        private @Nullable Claim claim;
        private @Nullable PredecessorWait wait;
        private boolean ended;

        Attempt(StreamObserver<LockResponse> client, LockRequest request) {
            this.outbox = new Outbox<>(client, this::cancel);
            this.request = request;
        }

        void begin() {
            try {
                Claim made =
                        Claim.make(member, member.caller(), request.getName(), request.getLease(), ByteString.EMPTY);
                claim = made;
                PredecessorWait waiting =
                        new PredecessorWait(member.core(), made.prefix(), made.revision() - 1, this::owned);
                wait = waiting;
                waiting.next();
            } catch (StatusRuntimeException e) {
                fail(EtcdError.withoutCode(e));
            }
        }

        private void owned() {
            Claim mine = claim;
            if (ended || mine == null) {
                return;
            }
            if (member.kv().find(mine.key()) == null) {
                fail(EtcdError.SESSION_EXPIRED.failure());
                return;
            }
            ended = true;
            outbox.add(LockResponse.newBuilder()
                    .setHeader(member.header())
                    .setKey(mine.key())
                    .build());
            outbox.end();
            member.core().afterwards(outbox::flush);
        }

        private void fail(StatusRuntimeException failure) {
            ended = true;
            outbox.fail(failure);
            member.core().afterwards(outbox::flush);
        }

        /** The client has gone: its claim must not stand in the way of others. */
        void cancel() {
            member.core().run(() -> {
                if (!ended) {
                    ended = true;
                    if (wait != null) {
                        wait.cancel();
                    }
                    if (claim != null) {
                        claim.delete(member);
                    }
                }
            });
        }
    }
}
