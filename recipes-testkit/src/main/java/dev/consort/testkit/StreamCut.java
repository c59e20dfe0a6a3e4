/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.MethodDescriptor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** One stream's end after a number of messages to the client. Threadsafe. */
final class StreamCut {
    private final String method;
    private final int messages;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private final CompletableFuture<Void> hit = new CompletableFuture<>();

    StreamCut(String method, int messages) {
        this.method = MethodNames.simple(method);
        this.messages = messages;
    }

    boolean claim(MethodDescriptor<?, ?> called) {
        return !claimed.get()
                && method.equals(MethodNames.simple(called.getFullMethodName()))
                && claimed.compareAndSet(false, true);
    }

    boolean spent() {
        return claimed.get();
    }

    int messages() {
        return messages;
    }

    CompletableFuture<Void> hit() {
        return hit;
    }

    void struck() {
        hit.completeAsync(() -> null, Daemons.callbacks());
    }
}
