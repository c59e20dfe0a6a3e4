/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F08: an unlock that is sent again, or comes late, deletes a newer acquisition by the same session. */
@Execution(ExecutionMode.CONCURRENT)
class F08_UnlockByNameIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** S10: the release lands after the name was released by a second attempt and acquired again. */
    @Test
    void releaseThatLandsLate_leavesTheNewClaim() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CallFault late = party.faults.next(Requests.releaseOf(name)).hold();
        assertThat(get(first.releaseAsync())).isTrue();
        EtcdGrant second = party.acquire(name);
        assertThat(second.token()).isGreaterThan(first.token());
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        assertStillHeld(party, name, second);
    }

    /** The same for the form that passes the baton on. */
    @Test
    void releaseAndTellThatLandsLate_leavesTheNewClaim() throws InterruptedException {
        Party first = parties.join();
        Party second = parties.join();
        Party third = parties.join();
        String name = Parties.name();
        EtcdGrant grant = first.acquire(name);
        var secondWaits = second.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        var thirdWaits = third.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(3));
        grant.close();
        EtcdGrant told = get(secondWaits); // its message names the third: it releases and tells in one transaction
        CallFault late = second.faults.next(Requests.releaseOf(name)).hold();
        assertThat(get(told.releaseAsync())).isTrue();
        EtcdGrant last = get(thirdWaits);
        var again = second.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        late.release();
        assertThat(get(late.landed()).isOk()).isTrue();
        Waits.stays(Duration.ofMillis(200), () -> operator.claims(name).size() == 2 && !again.isDone());
        last.close();
        assertStillHeld(second, name, get(again));
    }

    @Test
    void releaseWhoseReplyIsLost_isSentAgainAndLeavesTheNewClaim() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        CallFault lost = party.faults.loseNextReply(Requests.releaseOf(name));
        assertThat(first.release()).isTrue();
        assertThat(get(lost.landed()).isOk()).isTrue();
        assertStillHeld(party, name, party.acquire(name));
    }

    /** S8 */
    @Test
    void releaseAppliedTwice_hasOneEffect() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        CallFault twice = party.faults.next(Requests.releaseOf(name)).duplicateOnRelease();
        assertThat(party.acquire(name).release()).isTrue();
        EtcdGrant second = party.acquire(name);
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertStillHeld(party, name, second);
    }

    @Test
    void releaseAgain_returnsFalseAndRemovesNothing() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant first = party.acquire(name);
        assertThat(first.release()).isTrue();
        EtcdGrant second = party.acquire(name);
        assertThat(first.release()).isFalse();
        assertThat(get(first.releaseAsync())).isFalse();
        first.close();
        assertThat(first.isHeld()).isFalse();
        assertThat(first.remaining()).isZero();
        assertStillHeld(party, name, second);
    }

    private void assertStillHeld(Party party, String name, EtcdGrant grant) {
        assertThat(operator.claims(name)).singleElement().satisfies(claim -> {
            assertThat(claim.getKey()).isEqualTo(Operator.bytes(party.claimKey(name)));
            assertThat(claim.getCreateRevision()).isEqualTo(grant.token().revision());
        });
        assertThat(grant.isHeld()).isTrue();
        assertThat(grant.guard().txn().put(name + "-data", "x").commit()).isTrue();
        assertThat(grant.release()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }
}
