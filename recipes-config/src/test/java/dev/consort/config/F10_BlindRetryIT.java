/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SetNx.Answer;
import dev.consort.config.SetNx.Answer.Status;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a write that is sent again is applied again: what was released comes back, and what is new is released. */
class F10_BlindRetryIT {
    private final Server server = Server.embedded();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    /** The second copy of the request lands when the key has been released. */
    @Test
    void trySet_landsAgainAfterTheRelease_doesNotComeBack() throws Exception {
        for (SetNx each : List.of(
                SetNx.permanent(party.connection, name + "-1"),
                SetNx.expiring(party.connection, name + "-2", Duration.ofSeconds(60)),
                SetNx.boundTo(party.session(), name + "-3"))) {
            CallFault copy = party.faults.next(Calls.putting(each.name())).duplicateOnRelease();
            Answer created = each.trySet("v");
            assertThat(created.status()).isEqualTo(Status.CREATED);
            assertThat(each.release(created.token())).isTrue();
            copy.release();
            var unused = copy.landed().get(10, TimeUnit.SECONDS);
            assertThat(server.get(each.name())).as(each.name()).isEmpty();
        }
    }

    @Test
    void release_landsAgainAfterTheNextOne_leavesThat() throws Exception {
        SetNx mine = SetNx.permanent(party.connection, name);
        Answer first = mine.trySet("v");
        CallFault copy = party.faults.next(Calls.deleting(name)).duplicateOnRelease();
        assertThat(mine.release(first.token())).isTrue();
        Answer second = mine.trySet("w");
        assertThat(second.status()).isEqualTo(Status.CREATED);
        copy.release();
        var unused = copy.landed().get(10, TimeUnit.SECONDS);
        assertThat(mine.current().orElseThrow().token()).isEqualTo(second.token());
    }
}
