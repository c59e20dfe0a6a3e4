/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps what a client sends, so that a test can look at what is in it and how long it took. Thread-safe. */
final class Sent implements ClientInterceptor {
    private final Queue<Txn> txns = new ConcurrentLinkedQueue<>();
    private final Queue<ByteString> watched = new ConcurrentLinkedQueue<>();
    private final AtomicLong questions = new AtomicLong();

    /** A transaction that was answered, and the time from sending it to its answer. */
    record Txn(TxnRequest request, long nanos) {}

    /** The transactions that were answered, in the order of their answers. */
    List<Txn> txns() {
        return List.copyOf(txns);
    }

    /** How many watches were asked for, of keys of a name. */
    long watchesOf(String name) {
        ByteString prefix = ByteString.copyFromUtf8(name + "/");
        return watched.stream().filter(key -> key.startsWith(prefix)).count();
    }

    /** How often it was asked how many keys there are, and nothing else. */
    long questions() {
        return questions.get();
    }

    void clear() {
        questions.set(0);
        txns.clear();
        watched.clear();
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            private TxnRequest txn = TxnRequest.getDefaultInstance();
            private final long start = System.nanoTime();

            @Override
            public void start(Listener<R> listener, Metadata headers) {
                super.start(
                        new SimpleForwardingClientCallListener<R>(listener) {
                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                if (txn.getSuccessCount() > 0) {
                                    txns.add(new Txn(txn, System.nanoTime() - start));
                                }
                                super.onClose(status, trailers);
                            }
                        },
                        headers);
            }

            @Override
            public void sendMessage(Q message) {
                if (message instanceof TxnRequest request) {
                    txn = request;
                } else if (message instanceof RangeRequest request && request.getCountOnly()) {
                    questions.incrementAndGet();
                } else if (message instanceof WatchRequest request && request.hasCreateRequest()) {
                    watched.add(request.getCreateRequest().getKey());
                }
                super.sendMessage(message);
            }
        };
    }
}
