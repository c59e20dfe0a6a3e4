/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.lease.LeaseTimeToLiveResponse;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.support.CloseableClient;
import io.etcd.jetcd.support.Observers;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/** Grants a lease with jetcd's client, renews, asks, lists and revokes it. A {@code Session} does the most of it for you. */
public final class Leases {
    private static final Pattern ID = Pattern.compile("\"ID\":\"(-?\\d+)\"");

    private Leases() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws ExecutionException if etcd refuses a request
     * @throws TimeoutException if etcd does not answer
     * @throws IOException if etcd does not answer over HTTP
     */
    public static void main(String... arguments)
            throws InterruptedException, ExecutionException, TimeoutException, IOException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            KV kv = connection.client().getKVClient();
            Lease leases = connection.client().getLeaseClient();
            ByteSequence key = bytes("basics/worker");

            long lease = answer(leases.grant(60)).getID(); // seconds
            System.out.println("lease " + Long.toHexString(lease)); // as etcdctl prints it
            answer(kv.put(
                    key, bytes("web-1"), PutOption.builder().withLeaseId(lease).build()));
            timeToLive(leases, lease);

            System.out.println(
                    "renewed once, for " + answer(leases.keepAliveOnce(lease)).getTTL() + " s");
            keepAlive(leases, lease);
            System.out.println("listed: " + list(endpoints[0]).contains(lease));

            answer(leases.revoke(lease)); // before close(), which would not wait for it
            System.out.println(
                    "its key is there: " + !answer(kv.get(key)).getKvs().isEmpty());
            timeToLive(leases, lease);
            System.out.println("listed: " + list(endpoints[0]).contains(lease));
        }
    }

    /** What a worker would do as long as it runs: jetcd renews the lease at a third of its time. */
    private static void keepAlive(Lease leases, long lease)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Long> renewed = new CompletableFuture<>();
        CloseableClient keeping = leases.keepAlive(
                lease,
                Observers.<LeaseKeepAliveResponse>builder()
                        .onNext(answer -> renewed.complete(answer.getTTL())) // must not block
                        .onError(renewed::completeExceptionally)
                        .build());
        System.out.println("kept alive, for " + answer(renewed) + " s");
        keeping.close(); // no more renewals
    }

    private static void timeToLive(Lease leases, long lease)
            throws InterruptedException, ExecutionException, TimeoutException {
        LeaseTimeToLiveResponse left = answer(leases.timeToLive(
                lease, LeaseOption.builder().withAttachedKeys().build()));
        List<String> keys = left.getKeys().stream()
                .map(key -> key.toString(StandardCharsets.UTF_8))
                .toList();
        System.out.println(
                left.getTTL() < 0 ? "gone" : left.getTTL() + " of " + left.getGrantedTTL() + " s left, for " + keys);
    }

    /** jetcd has no call for it, but etcd answers over HTTP too: what this member knows, which may be behind others. */
    private static List<Long> list(String endpoint) throws InterruptedException, IOException {
        HttpRequest all = HttpRequest.newBuilder(URI.create(endpoint + "/v3/lease/leases"))
                .POST(BodyPublishers.ofString("{}"))
                .timeout(Duration.ofSeconds(5))
                .build();
        String json =
                HttpClient.newHttpClient().send(all, BodyHandlers.ofString()).body();
        return ID.matcher(json)
                .results()
                .map(found -> Long.valueOf(found.group(1)))
                .toList();
    }

    private static <T> T answer(CompletableFuture<T> asked)
            throws InterruptedException, ExecutionException, TimeoutException {
        return asked.get(5, TimeUnit.SECONDS);
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }
}
