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
    default boolean needsWatchesServed() {
        return false;
    }

    /** What is asked, whoever asks. */
    default Step what() {
        return this;
    }

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

    /** A renewal, on a stream of its own. */
    record KeepAlive(long lease) implements Step {
        @Override
        public String ask(Subject subject) {
            return subject.keepAlive(lease);
        }
    }

    /** What a user asks, with the last token that it was given. */
    record As(String user, Step what) implements Step {
        @Override
        public String ask(Subject subject) {
            subject.actAs(user);
            try {
                return what.ask(subject);
            } finally {
                subject.actAs(Subject.NOBODY);
            }
        }

        @Override
        public boolean needsWatchesServed() {
            return what.needsWatchesServed();
        }
    }

    /** A user becomes known by a password. */
    record Authenticate(String user, String password) implements Step {
        @Override
        public String ask(Subject subject) {
            return subject.authenticate(user, password);
        }
    }
}
