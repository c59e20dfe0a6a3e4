/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.SharedEtcd;
import dev.consort.stm.Stm.Committed;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** F09, F10, S9: the commit is applied and its answer lost, or sent twice, and elsewhere applied twice or taken for a failure. */
class F09_LostCommitAnswerIT {
    private static final Party here = new Party(SharedEtcd.server());
    private static final Party there = new Party(SharedEtcd.server());

    private final String n = Party.fresh() + "n";
    private int ran;

    @AfterEach
    void calm() {
        here.faults.clear();
    }

    @AfterAll
    static void leave() {
        there.close();
        here.close();
    }

    private CallMatcher commit() {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut().getKey().equals(ByteString.copyFromUtf8(n))));
    }

    private Committed<Integer> increment() throws InterruptedException {
        return Stm.on(here.connection).runCommitted(tx -> {
            ran++;
            int next = tx.get(n).map(Integer::parseInt).orElse(0) + 1;
            tx.put(n, Integer.toString(next));
            return next;
        });
    }

    @Test
    void commit_answerLost_isKnownAndAppliedOnce() throws InterruptedException {
        increment();
        CallFault lost = here.faults.loseNextReply(commit());
        Committed<Integer> done = increment();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(done.result()).isEqualTo(2);
        assertThat(done.attempts()).isEqualTo(1);
        assertThat(done.revision()).isEqualTo(there.modRevision(n));
        assertThat(there.value(n)).hasValue("2");
        assertThat(there.version(n)).isEqualTo(2);
    }

    /** Somebody writes the key between the commit and what finds out about it, which must not look like a conflict. */
    @Test
    void commit_answerLostAndKeyWrittenAgain_isAppliedOnce() throws InterruptedException {
        increment();
        CallFault lost = here.faults.loseNextReply(commit());
        var unused = lost.landed().thenRun(() -> there.put(n, "100"));
        CallFault second = here.faults.next(commit()).hold();
        var then = second.hit().thenRun(() -> {
            there.put(n, "200");
            second.release();
        });
        assertThat(increment().result()).isEqualTo(2);
        then.join();
        assertThat(ran).isEqualTo(2);
        assertThat(there.value(n)).hasValue("200");
    }

    @Test
    void commit_requestLost_isSentAgain() throws InterruptedException {
        CallFault lost = here.faults.loseNextRequest(commit());
        assertThat(increment().result()).isEqualTo(1);
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(there.version(n)).isEqualTo(1);
    }

    @Test
    void commit_sentTwice_isAppliedOnce() throws Exception {
        increment();
        CallFault twice = here.faults.next(commit()).duplicateOnRelease();
        assertThat(increment().result()).isEqualTo(2);
        assertThat(increment().result()).isEqualTo(3);
        twice.release();
        assertThat(Party.answer(twice.landed()).isOk()).isTrue();
        assertThat(there.value(n)).hasValue("3");
        assertThat(there.version(n)).isEqualTo(3);
    }

    /** A blind write has nothing but its receipt that would stop it. */
    @Test
    void blindWrite_landsLateAfterItWasSentAgain_undoesNothing() throws Exception {
        Stm stm = Stm.on(here.connection);
        stm.runWithoutResult(tx -> tx.put(n, "first"));
        CallFault late = here.faults.next(commit()).landOnRelease();
        stm.runWithoutResult(tx -> tx.put(n, "second"));
        there.put(n, "third");
        late.release();
        Party.answer(late.landed());
        assertThat(there.value(n)).hasValue("third");
    }
}
