/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.Message;
import io.etcd.jetcd.api.ResponseHeader;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/**
 * One member's view of the state that all share: it answers in its own name.
 *
 * @param core the state
 * @param index its number, from 0
 * @param id what it calls itself
 * @param kv what requests do to the keys
 */
record Member(ServerCore core, int index, long id, KvApplier kv) {
    /** What etcd's log entry adds to a request: its header with an ID, tags and lengths. */
    private static final int ENTRY_OVERHEAD = 18;

    /** Answers a call with what comes of an action under the lock. */
    <R> void answer(StreamObserver<R> client, Supplier<R> action) {
        R response;
        try {
            response = core.apply(action);
        } catch (StatusRuntimeException e) {
            client.onError(e);
            return;
        }
        client.onNext(response);
        client.onCompleted();
    }

    Caller caller() {
        return core.auth().caller(Caller.token());
    }

    /** What a request that goes through the log must fulfil, and counts it. */
    void checkLogged(Message request) {
        if (request.getSerializedSize() + ENTRY_OVERHEAD > core.settings().maxRequestBytes()) {
            throw EtcdError.REQUEST_TOO_LARGE.failure();
        }
        core.countRequest();
    }

    ResponseHeader header() {
        return core.header(id).build();
    }

    ResponseHeader header(long revision) {
        return core.header(id, revision).build();
    }
}
