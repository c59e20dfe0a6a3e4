/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Says which calls a fault of {@link CallFaults} strikes: by the method, and by the message, which is the request of a
 * unary call and any message in the fault's direction of a stream. Immutable; this class is threadsafe if the given
 * predicates are.
 */
public final class CallMatcher {
    private static final String ANY = "";

    private final String method;
    private final Predicate<Message> message;

    private CallMatcher(String method, Predicate<Message> message) {
        this.method = method;
        this.message = message;
    }

    /** Every call. */
    public static CallMatcher any() {
        return new CallMatcher(ANY, message -> true);
    }

    /**
     * Calls of one method.
     *
     * @param name the full name such as {@code etcdserverpb.KV/Txn}, or without its package, {@code KV/Txn}
     * @throws IllegalArgumentException if the name has no slash between service and method
     */
    public static CallMatcher method(String name) {
        return new CallMatcher(MethodNames.simple(name), message -> true);
    }

    /** The calls of this matcher whose message the predicate accepts. It may be asked more than once for a message. */
    public CallMatcher when(Predicate<? super Message> condition) {
        Objects.requireNonNull(condition);
        return new CallMatcher(method, candidate -> message.test(candidate) && condition.test(candidate));
    }

    /** The calls of this matcher whose message is of the type and accepted by the predicate. */
    public <M extends Message> CallMatcher when(Class<M> type, Predicate<? super M> condition) {
        Objects.requireNonNull(condition);
        return when(candidate -> type.isInstance(candidate) && condition.test(type.cast(candidate)));
    }

    boolean matches(MethodDescriptor<?, ?> called, Object candidate) {
        return (method.equals(ANY) || method.equals(MethodNames.simple(called.getFullMethodName())))
                && candidate instanceof Message candidateMessage
                && message.test(candidateMessage);
    }
}
