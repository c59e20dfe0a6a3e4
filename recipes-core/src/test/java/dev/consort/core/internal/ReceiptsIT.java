/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Store.Outcome;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Writes without a session: what becomes of them is known, though requests and answers are lost or late (F09, F10). */
class ReceiptsIT {
    private static final CallMatcher GRANT = CallMatcher.method("Lease/LeaseGrant");

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String key = Parties.name();
    private final AtomicLong lease = new AtomicLong();

    private static Store store(Party party) {
        return Store.of(party.connection, "Test");
    }

    /** Makes the key, if it is not there. */
    private TxnRequest create(String value) {
        return TxnRequest.newBuilder()
                .addCompare(ClaimTxns.createIs(ByteString.copyFromUtf8(key), 0))
                .addSuccess(ClaimTxns.put(ByteString.copyFromUtf8(key), ByteString.copyFromUtf8(value), 0))
                .addFailure(ClaimTxns.op(ClaimTxns.key(ByteString.copyFromUtf8(key))))
                .build();
    }

    /** Puts the key whatever there is. */
    private TxnRequest put(String value) {
        return create(value).toBuilder().clearCompare().clearFailure().build();
    }

    private CallMatcher writes() {
        return Requests.putOf(key);
    }

    private static CallMatcher fences() {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut()
                                        .getValue()
                                        .toStringUtf8()
                                        .endsWith("!")));
    }

    /** Of the party that {@link #join} made last. */
    private List<KeyValue> receipts() {
        return operator.below("consort/session/" + Long.toString(lease.get(), 16) + "/receipt/");
    }

    private Party join(UnaryOperator<Party.Settings> change) {
        Party party = parties.join(change);
        CallMatcher looksOn = CallMatcher.method("KV/Txn").when(TxnRequest.class, txn -> {
            txn.getSuccessList().stream()
                    .map(RequestOp::getRequestPut)
                    .filter(put -> put.getKey().toStringUtf8().contains("/receipt/"))
                    .forEach(put -> lease.set(put.getLease()));
            return false;
        });
        party.faults.every(looksOn).loseReply();
        return party;
    }

    private Party join() {
        return join(settings -> settings);
    }

    private Outcome commit(Party party, TxnRequest txn) {
        return get(store(party).commit(txn));
    }

    @Test
    void commit_nothingLost_costsOneRequestAndOneRevision() {
        Party party = join();
        commit(party, put("first"));
        CallCounts before = party.log.counts();
        for (int i = 1; i <= 20; i++) {
            Outcome outcome = commit(party, put("v" + i));
            assertThat(outcome.applied()).isTrue();
            assertThat(operator.below(key).get(0).getModRevision()).isEqualTo(outcome.revision());
        }
        CallCounts counts = party.log.counts().since(before);
        assertThat(counts.unaryCalls("KV/Txn")).isEqualTo(20);
        assertThat(counts.unaryCalls()).isEqualTo(20);
        assertThat(receipts()).hasSize(1);
        assertThat(receipts().get(0).getModRevision())
                .isEqualTo(operator.below(key).get(0).getModRevision());
    }

    @Test
    void commit_refused_saysWhatIsThere() {
        Party party = join();
        Outcome made = commit(party, create("one"));
        Outcome refused = commit(party, create("two"));
        assertThat(refused.applied()).isFalse();
        assertThat(refused.found(0).getKvs(0).getModRevision()).isEqualTo(made.revision());
        assertThat(refused.found(0).getKvs(0).getValue().toStringUtf8()).isEqualTo("one");
    }

    @Test
    void commit_replyLost_wasAppliedOnceAndSaysWhen() {
        Party party = join();
        CallFault lost = party.faults.loseNextReply(writes());
        Outcome outcome = commit(party, create("mine"));
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(outcome.applied()).isTrue();
        assertThat(outcome.response()).isNull();
        KeyValue found = operator.below(key).get(0);
        assertThat(found.getModRevision()).isEqualTo(outcome.revision());
        assertThat(found.getVersion()).isEqualTo(1);
    }

    @Test
    void commit_withoutComparisonsSentTwice_isAppliedOnce() {
        Party party = join();
        party.faults.loseNextReply(writes());
        commit(party, put("once"));
        party.faults.duplicateNext(writes());
        commit(party, put("twice"));
        soon(() -> assertThat(operator.below(key).get(0).getVersion()).isEqualTo(2));
    }

    @Test
    void commit_requestsLost_areSentAgain() {
        Party party = join();
        party.faults.next(3, writes()).loseRequest();
        assertThat(commit(party, create("mine")).response()).isNotNull();
        assertThat(operator.value(key)).isEqualTo("mine");
    }

    /** Refused by the attempt that was answered; the first one, late, must not find the key free again. */
    @Test
    void commit_refusedWhileAnAttemptIsUnderWay_itIsFenced() throws Exception {
        Party party = join();
        commit(party, put("warm"));
        CallFault held = party.faults.next(writes()).hold();
        CompletableFuture<Outcome> refused = store(party).commit(create("late"));
        Outcome outcome = get(refused);
        assertThat(outcome.applied()).isFalse();
        assertThat(outcome.found(0).getCount()).isEqualTo(1);
        operator.delete(Operator.bytes(key));
        held.release();
        held.landed().get(10, TimeUnit.SECONDS);
        assertThat(operator.below(key)).isEmpty();
    }

    /** The same with a receipt that has not been written before. */
    @Test
    void firstCommit_refusedWhileAnAttemptIsUnderWay_itIsFenced() throws Exception {
        operator.put(key, "other's");
        Party party = join();
        CallFault held = party.faults.next(writes()).hold();
        assertThat(commit(party, create("late")).applied()).isFalse();
        operator.delete(Operator.bytes(key));
        held.release();
        held.landed().get(10, TimeUnit.SECONDS);
        assertThat(operator.below(key)).isEmpty();
    }

    /** Refused by the second attempt, and then the first one lands after all, before the fence. */
    @Test
    void commit_attemptLandsBeforeItsFence_wasApplied() throws Exception {
        Party party = join();
        commit(party, put("warm"));
        CallFault held = party.faults.next(writes()).hold();
        CallFault fence = party.faults.next(fences()).hold();
        CompletableFuture<Outcome> late = store(party).commit(create("late"));
        fence.hit().get(10, TimeUnit.SECONDS);
        operator.delete(Operator.bytes(key));
        held.release();
        held.landed().get(10, TimeUnit.SECONDS);
        fence.release();
        Outcome outcome = get(late);
        assertThat(outcome.applied()).isTrue();
        assertThat(operator.below(key).get(0).getModRevision()).isEqualTo(outcome.revision());
    }

    @Test
    void commit_repliesOfItsFenceLost_wasNotApplied() {
        operator.put(key, "other's");
        Party party = join();
        party.faults.loseNextReply(writes());
        CallFault lost = party.faults.loseNextReply(fences());
        assertThat(commit(party, create("late")).applied()).isFalse();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(commit(party, put("next")).applied()).isTrue();
    }

    @Test
    void commit_neverAnswered_isUnknownWithinBounds() {
        Party party = join(settings -> settings.requestTimeout(Duration.ofMillis(300)));
        commit(party, put("warm"));
        CallFault silent = party.faults.every(writes()).hangReply();
        long begun = System.nanoTime();
        Store store = store(party);
        assertThatThrownBy(() -> store.await(store.commit(put("who knows")), key))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining(key)
                .hasMessageContaining("read before writing");
        assertThat(Waits.since(begun)).isLessThan(Duration.ofSeconds(5));
        silent.stop();
        assertThat(commit(party, put("next")).applied()).isTrue();
    }

    @Test
    void commit_leaseNeverGranted_nothingWasSentAndEtcdIsUnavailable() {
        Party party = join(settings -> settings.requestTimeout(Duration.ofMillis(300)));
        CallFault silent = party.faults.every(GRANT).hangReply();
        Store store = store(party);
        assertThatThrownBy(() -> store.await(store.commit(put("x")), key)).isInstanceOf(EtcdUnavailableException.class);
        assertThat(operator.below(key)).isEmpty();
        silent.stop();
        assertThat(commit(party, put("x")).applied()).isTrue();
    }

    @Test
    void commit_leaseGrantedTwice_isOneLease() {
        Party party = join();
        CallFault lost = party.faults.loseNextReply(GRANT);
        assertThat(commit(party, put("x")).applied()).isTrue();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(commit(party, put("y")).applied()).isTrue();
    }

    @Test
    void commit_leaseRevoked_goesOnWithAnother() {
        Party party = join();
        commit(party, put("one"));
        operator.revoke(leaseOfReceipts());
        assertThat(commit(party, create("two")).applied()).isFalse();
        operator.revoke(leaseOfReceipts());
        assertThat(commit(party, put("three")).applied()).isTrue();
        assertThat(operator.value(key)).isEqualTo("three");
    }

    /** The user's request named no lease: that one was gone is nothing to tell. */
    @Test
    void commit_leaseRevokedAndNoTimeLeft_etcdIsUnavailable() {
        JumpingTiming timing = new JumpingTiming();
        Party party = join(settings -> settings.timing(timing).ttl(600));
        commit(party, put("one"));
        operator.revoke(leaseOfReceipts());
        CallFault first = party.faults.next(writes()).hold();
        CompletableFuture<Outcome> receiptGone = store(party).commit(put("two"));
        get(first.hit());
        CallFault second = party.faults.next(writes()).hold();
        CompletableFuture<Outcome> leaseGone = store(party).commit(put("two")); // by a receipt that was never written
        get(second.hit());
        timing.jump(Duration.ofSeconds(20));
        first.release();
        second.release();
        assertThat(store(party).failure(failure(receiptGone), key))
                .isInstanceOf(EtcdUnavailableException.class)
                .hasMessageContaining("the receipt is gone");
        assertThat(store(party).failure(failure(leaseGone), key))
                .isInstanceOf(EtcdUnavailableException.class)
                .hasMessageContaining("requested lease not found");
        assertThat(operator.value(key)).isEqualTo("one");
        commit(party, put("three"));
    }

    private long leaseOfReceipts() {
        return lease.get();
    }

    @Test
    void commit_leaseRevokedAfterALostReply_isUnknown() throws Exception {
        Party party = join();
        commit(party, put("one"));
        CallFault lost = party.faults.next(writes()).loseReply();
        CallFault second = party.faults.next(writes()).hold();
        CompletableFuture<Outcome> doubtful = store(party).commit(put("two"));
        second.hit().get(10, TimeUnit.SECONDS);
        assertThat(lost.hits()).isEqualTo(1);
        operator.revoke(leaseOfReceipts());
        second.release();
        assertThat(store(party).failure(failure(doubtful), key)).isInstanceOf(OutcomeUnknownException.class);
        assertThat(operator.value(key)).isEqualTo("two");
    }

    @Test
    void lease_isRenewedByWritesAndReplacedWhenItMayHaveRunOut() {
        JumpingTiming timing = new JumpingTiming();
        Party party = join(settings -> settings.timing(timing).ttl(600));
        commit(party, put("one"));
        long first = lease.get();
        CallCounts before = party.log.counts();
        timing.jump(Duration.ofSeconds(15));
        commit(party, put("two"));
        soon(() -> assertThat(party.log.counts().since(before).streamsOpened("Lease/LeaseKeepAlive"))
                .isEqualTo(1));
        timing.jump(Duration.ofSeconds(30));
        commit(party, put("three"));
        assertThat(lease.get())
                .as("45 s after its grant, 30 s after its renewal")
                .isEqualTo(first);
        timing.jump(Duration.ofSeconds(60));
        commit(party, put("four"));
        assertThat(lease.get()).isNotEqualTo(first);
    }

    @Test
    void commit_tooLarge_isRefusedAndTheNextOneGoesOn() {
        Party party = join();
        Store store = store(party);
        assertThatThrownBy(() -> store.await(store.commit(put("x".repeat(2_000_000))), key))
                .isInstanceOf(RecipeException.class)
                .isNotInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("1.5 MiB");
        assertThat(commit(party, put("x")).applied()).isTrue();
    }

    @Test
    void manyAtOnce_takeAReceiptEachAndLeaveNothing() {
        Party party = join();
        List<CompletableFuture<Outcome>> commits = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            commits.add(store(party).commit(create("v" + i)));
        }
        assertThat(commits.stream().filter(commit -> get(commit).applied())).hasSize(1);
        assertThat(receipts()).hasSizeBetween(1, 50);
        for (int i = 0; i < 10; i++) {
            commit(party, put("w" + i));
        }
        assertThat(receipts()).hasSizeLessThanOrEqualTo(50);
        party.close();
        assertThat(receipts()).isEmpty();
        assertThat(operator.hasLease(lease.get())).isFalse();
        assertThatThrownBy(() -> store(party))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void receipt_isNoForeignKeyOfAQueue() {
        commit(join(), put("x"));
        assertThat(receipts())
                .singleElement()
                .matches(kv ->
                        ReceiptLease.isReceipt(ByteString.copyFrom(kv.getKey().getBytes()), kv.getLease()))
                .matches(kv -> !ReceiptLease.isReceipt(ByteString.copyFromUtf8("orders/receipt/1"), kv.getLease()));
    }
}
