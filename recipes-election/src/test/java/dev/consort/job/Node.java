/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.election.FirstSession;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A process as far as etcd can tell, with a clock, faults and counts of its own. What it runs is closed with it. */
final class Node implements AutoCloseable {
    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    final CallFaults faults = CallFaults.create();
    final CallLog log = CallLog.create();
    final SteppedTiming timing = new SteppedTiming();
    final Client client;
    final EtcdConnection connection;
    final SessionFactory sessions;
    private final Deque<ClusteredJob> open = new ConcurrentLinkedDeque<>();

    /** A server for all tests of this JVM that harm nobody else on it; ends with the JVM. */
    private static final class SharedEtcd {
        private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    }

    static EmbeddedEtcd shared() {
        return SharedEtcd.etcd;
    }

    Node(EtcdServer server, Duration ttl) {
        FirstSession.on(server.endpoints().get(0));
        client = Client.builder()
                .endpoints(server.endpoints().toArray(String[]::new))
                .interceptor(faults, log)
                .build();
        connection = EtcdConnection.of(client, timing);
        sessions = SessionFactory.of(Session.builder(connection).ttl(ttl));
    }

    Node(EtcdServer server) {
        this(server, Duration.ofMinutes(2));
    }

    /** A name that no other test uses. */
    static String newName() {
        return "jobs/j" + names.incrementAndGet();
    }

    ClusteredJob start(ClusteredJob.Builder builder, ClusteredJob.Task task) {
        ClusteredJob job = builder.run(task);
        open.push(job);
        return job;
    }

    ClusteredJob.Builder job(String name) {
        return ClusteredJob.builder(sessions, name);
    }

    ClusteredJobs jobs() {
        return ClusteredJobs.of(connection);
    }

    long lease() {
        return sessions.session().leaseId();
    }

    /** This process's claim to lead a job. */
    String claim(String name) {
        return name + "/leader/" + Long.toHexString(lease());
    }

    /** Starts a job that is seldom due, and waits until it leads or stands by. */
    ClusteredJob start(String name, ClusteredJob.Task task, ClusteredJob.State until) {
        ClusteredJob job = start(job(name).every(Duration.ofHours(1)), task);
        await().until(() -> job.state() == until);
        if (until == ClusteredJob.State.WAITING) {
            await().until(() -> jobs().find(name).isPresent());
        }
        return job;
    }

    // As an operator

    /** One that is gone already is as good. */
    void revoke(long lease) {
        var unused = answer(client.getLeaseClient().revoke(lease).handle((revoked, failure) -> true));
    }

    void put(String key, String value) {
        var unused = answer(client.getKVClient().put(bytes(key), bytes(value)));
    }

    void delete(String key) {
        var unused = answer(client.getKVClient().delete(bytes(key), DeleteOption.DEFAULT));
    }

    /** The keys that begin so, each with the revision at which it was created. */
    Map<String, Long> keys(String prefix) {
        GetOption all = GetOption.builder().isPrefix(true).build();
        return answer(client.getKVClient().get(bytes(prefix), all)).getKvs().stream()
                .collect(Collectors.toMap(
                        kv -> kv.getKey().toString(StandardCharsets.UTF_8), KeyValue::getCreateRevision));
    }

    String get(String key) {
        return answer(client.getKVClient().get(bytes(key), GetOption.DEFAULT)).getKvs().stream()
                .map(kv -> kv.getValue().toString(StandardCharsets.UTF_8))
                .findFirst()
                .orElse("");
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        faults.clear();
        while (!open.isEmpty()) {
            open.pop().close();
        }
        sessions.close();
        connection.close();
        client.close();
        timing.close();
    }
}
