/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.concurrent.atomic.LongAdder;

/** Reads what a process asks etcd, and counts the transactions by which it takes items, and bytes. */
final class TakeTally implements ClientInterceptor {
    final LongAdder takes = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder bytes = new LongAdder(); // of unary calls, both ways

    private static boolean takes(Object request) {
        return request instanceof TxnRequest txn
                && LineRequests.written(txn)
                        .anyMatch(op -> op.getRequestDeleteRange()
                                .getKey()
                                .toStringUtf8()
                                .contains("/q/i/"));
    }

    private static boolean hasTaken(TxnResponse answer) {
        return answer.getResponsesList().stream()
                .anyMatch(op -> op.getResponseDeleteRange().getDeleted() > 0
                        || (op.hasResponseTxn() && hasTaken(op.getResponseTxn())));
    }

    private void count(Object message) {
        if (message instanceof com.google.protobuf.Message known) {
            bytes.add(known.getSerializedSize());
        }
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        ClientCall<Q, R> call = next.newCall(method, options);
        if (method.getType() != MethodDescriptor.MethodType.UNARY) {
            return call;
        }
        return new SimpleForwardingClientCall<>(call) {
            private volatile boolean take; // set before it is answered

            @Override
            public void sendMessage(Q message) {
                take = takes(message);
                takes.add(take ? 1 : 0);
                count(message);
                super.sendMessage(message);
            }

            @Override
            public void start(Listener<R> listener, Metadata headers) {
                super.start(
                        new SimpleForwardingClientCallListener<R>(listener) {
                            @Override
                            public void onMessage(R message) {
                                boolean failed = take && message instanceof TxnResponse answer && !hasTaken(answer);
                                refused.add(failed ? 1 : 0);
                                count(message);
                                super.onMessage(message);
                            }
                        },
                        headers);
            }
        };
    }
}
