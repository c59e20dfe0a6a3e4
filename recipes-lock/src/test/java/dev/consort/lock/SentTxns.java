/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import io.etcd.jetcd.api.TxnRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Keeps the transactions that a client sends, so that a test can look at what is in them. Thread-safe. */
final class SentTxns implements ClientInterceptor {
    private final Queue<TxnRequest> sent = new ConcurrentLinkedQueue<>();

    List<TxnRequest> all() {
        return List.copyOf(sent);
    }

    void clear() {
        sent.clear();
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void sendMessage(Q message) {
                if (message instanceof TxnRequest txn) {
                    sent.add(txn);
                }
                super.sendMessage(message);
            }
        };
    }
}
