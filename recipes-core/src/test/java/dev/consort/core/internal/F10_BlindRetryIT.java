/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallLog;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F10: a library sends a write again that may have been applied. */
class F10_BlindRetryIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    private static long txns(CallLog log) {
        return log.counts().unaryCalls("KV/Txn");
    }

    @Test
    void guardedWrite_replyLost_isUnknownAndNotSentAgain() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        CallFault lost = party.faults.loseNextReply(Requests.putOf(name + "-data"));
        assertThatThrownBy(() -> grant.guard().txn().put(name + "-data", "x").commit())
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContainingAll("Test '" + name + "'", "did not say whether it was applied", "read before");
        assertThat(get(lost.landed()).isOk()).isTrue();
        assertAppliedOnce(name);
        assertThat(grant.isHeld()).isTrue();
    }

    @Test
    void guardedWrite_requestLost_isUnknownToo() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        party.faults.loseNextRequest(Requests.putOf(name + "-data"));
        long before = txns(party.log);
        assertThat(failure(grant.guard().txn().put(name + "-data", "x").commitAsync()))
                .isInstanceOf(OutcomeUnknownException.class);
        Waits.pass(Duration.ofMillis(200));
        assertThat(txns(party.log) - before).isEqualTo(1);
        assertThat(operator.value(name + "-data")).isEmpty();
    }

    /** What is idempotent by a guard is sent again until it is known. */
    @Test
    void release_answersLostSeveralTimes_isCertainInTheEnd() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        CallFault lost = party.faults.next(3, Requests.releaseOf(name)).loseReply();
        assertThat(grant.release()).isTrue();
        assertThat(lost.hits()).isEqualTo(3);
        assertThat(operator.claims(name)).isEmpty();
    }

    @Test
    void guardedWrite_ofAReleasedGrant_isRefusedWithoutARequest() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        var prepared = grant.guard().txn().put(name + "-data", "x");
        grant.close();
        long before = txns(party.log);
        assertThat(prepared.commit()).isFalse();
        assertThat(txns(party.log)).isEqualTo(before);
    }

    private void assertAppliedOnce(String name) {
        assertThat(operator.below(name + "-data"))
                .singleElement()
                .satisfies(kv -> assertThat(kv.getVersion()).isEqualTo(1));
    }
}
