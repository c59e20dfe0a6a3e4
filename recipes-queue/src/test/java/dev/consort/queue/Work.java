/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.function.Predicate;

/** What tests of work queues do all the time. */
final class Work {
    static final Duration SOON = Duration.ofSeconds(10);

    private Work() {}

    static WorkQueue<String> queue(Peer peer, String name) {
        return builder(peer, name).build();
    }

    static WorkQueue.Builder<String> builder(Peer peer, String name) {
        return WorkQueue.builder(peer.session(), name, Codec.utf8());
    }

    /** The next item, which comes soon. */
    static Delivery<String> next(WorkQueue<String> queue) throws InterruptedException {
        return queue.receive(SOON).orElseThrow();
    }

    static Delivery<String> next(WorkQueue<String> queue, String value, long attempt) throws InterruptedException {
        Delivery<String> delivery = next(queue);
        assertThat(delivery.value()).isEqualTo(value);
        assertThat(delivery.attempt()).isEqualTo(attempt);
        return delivery;
    }

    /** The text of a process's card, such as {@code 3 1 0}. */
    static String card(Server server, String name, Peer peer) {
        return server.text(name + "/q/w/" + Long.toHexString(peer.session().leaseId()));
    }

    /** Waits until a process stands in line. */
    static void inLine(Server server, String name, Peer peer) {
        await().untilAsserted(() -> assertThat(card(server, name, peer)).matches("\\d+ [1-9]\\d* \\d+"));
    }

    /** Waits until one that stood there has left the line: a future that is cancelled is so at once, and the process leaves after that. */
    static void outOfLine(Server server, String name, Peer peer) {
        await().untilAsserted(() -> assertThat(card(server, name, peer)).matches("\\d+ 0 \\d+"));
    }

    // The transactions of a consumer

    /** Those that take items. */
    static CallMatcher claims(String name) {
        return transactions(op -> op.hasRequestPut()
                && op.getRequestPut().getLease() != 0
                && isBelow(op.getRequestPut().getKey(), name + "/q/h/"));
    }

    /** Those that change the card, and take nothing. */
    static CallMatcher cards(String name) {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessCount() == 1
                                && isBelow(txn.getSuccess(0).getRequestPut().getKey(), name + "/q/w/"));
    }

    /** Those that end a delivery by deleting its hold, or letting it rest. */
    static CallMatcher endings(String name) {
        return transactions(op -> isBelow(op.getRequestDeleteRange().getKey(), name + "/q/h/")
                || (op.getRequestPut().getLease() == 0
                        && isBelow(op.getRequestPut().getKey(), name + "/q/h/")));
    }

    private static CallMatcher transactions(Predicate<RequestOp> with) {
        return CallMatcher.method("KV/Txn")
                .when(TxnRequest.class, txn -> LineRequests.written(txn).anyMatch(with));
    }

    private static boolean isBelow(ByteString key, String folder) {
        return key.toStringUtf8().startsWith(folder);
    }
}
