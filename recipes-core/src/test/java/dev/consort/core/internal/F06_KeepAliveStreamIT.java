/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F06: a keep-alive stream that ends without an error, or reports one that is not terminal, ends the session. */
@Execution(ExecutionMode.CONCURRENT)
class F06_KeepAliveStreamIT {
    private static final int STRUCK = 3;

    @RegisterExtension
    final Parties parties = new Parties();

    @Test
    void brokenStreams_areNotTheSessionsEnd() throws InterruptedException {
        survives((party, times) -> party.faults.next(times, Requests.renewals()).breakStream(Direction.TO_CLIENT));
    }

    @Test
    void lostAnswers_areNotTheSessionsEnd() throws InterruptedException {
        survives((party, times) -> party.faults.next(times, Requests.renewals()).dropMessages(Direction.TO_CLIENT));
    }

    @Test
    void lostRequests_areNotTheSessionsEnd() throws InterruptedException {
        survives((party, times) -> party.faults.next(times, Requests.renewals()).dropMessages(Direction.TO_SERVER));
    }

    private void survives(BiFunction<Party, Integer, CallFault> strike) throws InterruptedException {
        Party party = parties.join(settings -> settings.ttl(4));
        EtcdGrant grant = party.acquire(Parties.name());
        CallFault fault = strike.apply(party, STRUCK);
        soon(() -> assertThat(fault.hits()).isEqualTo(STRUCK));
        soon(() -> {
            assertThat(party.session.remaining()).isGreaterThan(Duration.ofSeconds(3));
            assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE); // told a moment after the time is known
        });
        assertThat(grant.isHeld()).isTrue();
        assertThat(get(grant.releaseAsync())).isTrue();
    }
}
