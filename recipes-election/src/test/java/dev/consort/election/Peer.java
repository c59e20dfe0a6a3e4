/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process of its own as far as etcd can tell: a client, with faults and counts under it, and a session. Also reads and
 * changes queues as an operator does. Thread-safe.
 */
final class Peer implements AutoCloseable {
    /** Longer than any test: nothing is renewed or swept meanwhile. */
    static final Duration LONG = Duration.ofMinutes(2);

    private static final AtomicInteger names = new AtomicInteger();

    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final Client client;
    final Connection connection;
    final Session session;

    private Peer(Collection<String> endpoints, Duration ttl) {
        client = Client.builder()
                .endpoints(endpoints.toArray(String[]::new))
                .interceptor(faults, log)
                .build();
        connection = Connection.of(client);
        session = Session.builder(connection).ttl(ttl).open();
    }

    static Peer join(Duration ttl) {
        return new Peer(SharedEtcd.get().endpoints(), ttl);
    }

    static Peer join() {
        return join(LONG);
    }

    static Peer through(String endpoint, Duration ttl) {
        return new Peer(List.of(endpoint), ttl);
    }

    /** One server for all tests of this JVM that do not harm it; its watchdog ends it. */
    private static final class SharedEtcd {
        private static final EtcdProcess etcd =
                EtcdProcess.builder().unsafeNoFsync().start();

        static {
            FirstSession.on(etcd.endpoints().get(0));
        }

        static EtcdProcess get() {
            return etcd;
        }
    }

    static EtcdProcess etcd() {
        return SharedEtcd.get();
    }

    /** A name that no other test uses. */
    static String newName() {
        return "elections/e" + names.incrementAndGet();
    }

    LeaderElection election(String name) {
        return LeaderElection.create(session, name);
    }

    /** This session's place in an election. */
    String key(String name) {
        return name + "/" + Long.toHexString(session.leaseId());
    }

    /** The claims of an election, first come first. */
    List<KeyValue> claims(String name) {
        GetOption all = GetOption.builder().isPrefix(true).build();
        return now(client.getKVClient().get(bytes(name + "/"), all)).getKvs().stream()
                .sorted(Comparator.comparingLong(KeyValue::getCreateRevision))
                .toList();
    }

    void delete(String key) {
        var unused = now(client.getKVClient().delete(bytes(key), DeleteOption.DEFAULT));
    }

    void put(String key, String value) {
        var unused = now(client.getKVClient().put(bytes(key), bytes(value)));
    }

    String get(String key) {
        return now(client.getKVClient().get(bytes(key))).getKvs().stream()
                .map(kv -> kv.getValue().toString(UTF_8))
                .findFirst()
                .orElse("");
    }

    void revoke(long lease) {
        var unused = now(client.getLeaseClient().revoke(lease));
    }

    /** What its mailbox says does not reach it. */
    CallFault deafen() {
        String mailbox = "consort/session/" + Long.toHexString(session.leaseId()) + "/mail";
        return faults.every(CallMatcher.method("Watch/Watch")
                        .when(
                                WatchResponse.class,
                                told -> told.getEventsList().stream()
                                        .anyMatch(event -> event.getKv()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(mailbox))))
                .dropMessages(Direction.TO_CLIENT);
    }

    /** A transaction that puts this key as its own effect: a claim, or a proclaimed value. */
    static CallMatcher putOf(String key) {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(op -> op.getRequestPut().getKey().toStringUtf8().equals(key)));
    }

    /** The same with this value. */
    static CallMatcher putOf(String key, String value) {
        return txn(request -> request.getSuccessList().stream()
                .map(RequestOp::getRequestPut)
                .anyMatch(put -> put.getKey().toStringUtf8().equals(key)
                        && put.getValue().toStringUtf8().equals(value)));
    }

    /** A transaction that deletes this key. */
    static CallMatcher deletionOf(String key) {
        return txn(request -> request.getSuccessList().stream()
                .anyMatch(
                        op -> op.getRequestDeleteRange().getKey().toStringUtf8().equals(key)));
    }

    private static CallMatcher txn(java.util.function.Predicate<TxnRequest> which) {
        return CallMatcher.method("KV/Txn").when(TxnRequest.class, which);
    }

    /** The key whose change voids what a session has sent before. */
    static String fence(long lease) {
        return "consort/session/" + Long.toHexString(lease) + "/fence";
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    /** What must come soon. */
    static <T> T now(CompletableFuture<T> future) {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("did not come", e);
        }
    }

    static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    @Override
    public void close() {
        faults.clear();
        session.close();
        connection.close();
        client.close();
    }
}
