/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Store;
import dev.consort.queue.Offering.Result;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is a process of its own as far as etcd can tell: a client and a connection, with a clock that a test moves on. */
final class Party implements AutoCloseable {
    static final String RECIPE = "DistributedQueue";

    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final JumpingTiming timing = new JumpingTiming();
    final EtcdConnection connection;
    private final Client client;

    Party(List<String> endpoints) {
        client = Client.builder()
                .endpoints(endpoints.toArray(new String[0]))
                .interceptor(faults, log)
                .build();
        connection = EtcdConnection.of(client, timing);
    }

    Offering offering(String name) {
        return offering(name, Orders.FIFO, 0);
    }

    Offering offering(String name, Orders how, int capacity) {
        return offering(name, how, capacity, Offering.DEFAULT_WINDOW);
    }

    Offering offering(String name, Orders how, int capacity, Duration window) {
        return new Offering(Store.of(connection, RECIPE), new QueueLayout(name), how, capacity, window);
    }

    /** The transactions that put items of a queue. */
    static CallMatcher offersOf(String name) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut()
                                        .getKey()
                                        .toStringUtf8()
                                        .startsWith(name + "/q/i/")));
    }

    static Result offer(Offering to, String... values) throws Exception {
        return offer(to, 0, null, values);
    }

    static Result offer(Offering to, long by, @Nullable String id, String... values) throws Exception {
        return soon(to.offer(bytes(values), by, id));
    }

    static List<ByteString> bytes(String... values) {
        return Stream.of(values).map(value -> ByteString.copyFrom(value, UTF_8)).toList();
    }

    static <T> T soon(Future<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        faults.clear();
        connection.close();
        client.close();
    }
}
