/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.testkit.CallFaults;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.TxnRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Interceptors of the user's client run on threads of the engine, and may throw: such as one that fetches credentials. Whoever
 * asked is told; what goes on by itself does so.
 */
class ThrowingInterceptorIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Throwing throwing = new Throwing();
    private final CallFaults faults = CallFaults.create();
    private final Client client = Client.builder()
            .endpoints(UncompactedEtcd.server().endpoints().toArray(String[]::new))
            .interceptor(faults, throwing)
            .build();
    private final EtcdConnection connection = EtcdConnection.of(client, Timing.system());
    private final Operator operator = UncompactedEtcd.operator();
    private final String prefix = Parties.name() + "/";
    private final ViewRecorder recorder = new ViewRecorder();

    @BeforeEach
    void put() {
        operator.put(prefix + "a", "1");
    }

    @AfterEach
    void leave() {
        connection.close();
        client.close();
    }

    /** Throws from some calls of a method, as they are made or as they are started. */
    private static final class Throwing implements ClientInterceptor {
        private volatile String method = "";
        private volatile boolean atStart;
        private final AtomicInteger left = new AtomicInteger();

        void next(int times, String ofMethod, boolean whenStarted) {
            method = ofMethod;
            atStart = whenStarted;
            left.set(times);
        }

        private void strike(MethodDescriptor<?, ?> called) {
            if (called.getFullMethodName().endsWith(method) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                throw new IllegalStateException("thrown by the test");
            }
        }

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> called, CallOptions options, Channel next) {
            if (!atStart) {
                strike(called);
            }
            return new SimpleForwardingClientCall<>(next.newCall(called, options)) {
                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    if (atStart) {
                        strike(called);
                    }
                    super.start(listener, headers);
                }
            };
        }
    }

    private Subscription opened() {
        Subscription view =
                parties.closing(PrefixView.open(connection, "Test", prefix, connection.callbacks(), recorder));
        assertThat(view.ready()).succeedsWithin(10, TimeUnit.SECONDS);
        return view;
    }

    private void assertTold() {
        operator.put(prefix + "a", "2");
        await().untilAsserted(() -> assertThat(recorder.state()).isEqualTo(Map.of(prefix + "a", "2")));
        assertThat(throwing.left).hasValue(0);
    }

    @Test
    void watch_thrownAtItsStart_isOpenedLater() {
        throwing.next(2, "Watch/Watch", true);
        var unused = opened();
        assertTold();
    }

    @Test
    void watch_thrownAsItIsMade_isOpenedLater() {
        throwing.next(2, "Watch/Watch", false);
        var unused = opened();
        assertTold();
    }

    /** On the timer's thread, with nobody near who could ask again. */
    @Test
    void watch_thrownWhenItsStreamIsReopened_goesOn() {
        var unused = opened();
        assertTold();
        throwing.next(2, "Watch/Watch", true);
        assertThat(faults.breakStreams("Watch/Watch")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(throwing.left).hasValue(0));
        operator.put(prefix + "a", "3");
        await().untilAsserted(() -> assertThat(recorder.state()).isEqualTo(Map.of(prefix + "a", "3")));
    }

    @Test
    void read_thrown_isSentAgain() {
        throwing.next(3, "KV/Range", true);
        var unused = opened();
        assertTold();
    }

    @Test
    void transaction_thrown_isToldWithItsCause() {
        for (boolean atStart : new boolean[] {true, false}) {
            throwing.next(1, "KV/Txn", atStart);
            assertThat(connection.calls().txn(TxnRequest.getDefaultInstance()))
                    .failsWithin(10, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(CallFailure.class)
                    .withMessageContaining("thrown by the test");
        }
    }
}
