/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.Message;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.grpc.MethodDescriptor;

/** One thing that both servers are asked. */
interface Step {
    /** Asks, and says what was answered in a form that compares. */
    String ask(Subject subject);

    /** Whether watches of the past that are still to be served make a difference to it. */
    boolean needsWatchesServed();

    /** A unary call; its revisions count from the beginning of the sequence. */
    record Call<Q extends Message, R extends Message>(MethodDescriptor<Q, R> method, Q request) implements Step {
        @Override
        public String ask(Subject subject) {
            return subject.call(method, request);
        }

        @Override
        public boolean needsWatchesServed() {
            return method.equals(KVGrpc.getCompactMethod());
        }

        @Override
        public String toString() {
            return method.getBareMethodName() + "{" + request.toString().replaceAll("\\s+", " ") + "}";
        }
    }

    /** A message on the stream of watches. */
    record Watch(WatchRequest request) implements Step {
        @Override
        public String ask(Subject subject) {
            subject.watches().send(request);
            return "";
        }

        @Override
        public boolean needsWatchesServed() {
            return request.hasProgressRequest() || request.hasCancelRequest();
        }

        @Override
        public String toString() {
            return "Watch{" + request.toString().replaceAll("\\s+", " ") + "}";
        }
    }
}
