/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a stream is to be sent, in the order in which it was added under the server's lock. It is sent outside of the
 * lock, by one thread at a time: whoever finds none at work takes its place. This class is threadsafe.
 */
final class Outbox<R> {
    private final StreamObserver<R> client;
    private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    Outbox(StreamObserver<R> client, Runnable onCancel) {
        this.client = client;
        // With a handler, gRPC lets messages to a client that has gone fall silently.
        ((ServerCallStreamObserver<R>) client).setOnCancelHandler(onCancel);
    }

    void add(R message) {
        queue.add(() -> client.onNext(message));
    }

    void end() {
        queue.add(client::onCompleted);
    }

    void fail(StatusRuntimeException failure) {
        queue.add(() -> client.onError(failure));
    }

    /** Sends what has been added. Not to be called under a lock. */
    void flush() {
        if (waiting.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
                next.run();
            }
            seen = waiting.addAndGet(-seen);
        } while (seen != 0);
    }
}
