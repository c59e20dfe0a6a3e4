/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SetNx.Answer;
import dev.consort.config.SetNx.Answer.Status;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a key whose answer is lost belongs to nobody: the retry finds it held, by whom it does not say (S9). */
@Isolated("counts leases")
class F09_LostAnswerIT {
    private final Server server = Server.embedded();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    private List<SetNx> kinds() {
        return Stream.of("permanent", "expiring", "bound")
                .map(kind -> switch (kind) {
                    case "permanent" -> SetNx.permanent(party.connection, name + "-1");
                    case "expiring" -> SetNx.expiring(party.connection, name + "-2", Duration.ofSeconds(60));
                    default -> SetNx.boundTo(party.session(), name + "-3");
                })
                .toList();
    }

    @Test
    void trySet_answerLost_isCreatedAllTheSame() {
        for (SetNx each : kinds()) {
            CallFault lost = party.faults.loseNextReply(Calls.putting(each.name()));
            Answer answer = each.trySet("v");
            assertThat(lost.hits()).isEqualTo(1);
            assertThat(answer.status()).as(each.name()).isEqualTo(Status.CREATED);
            assertThat(server.get(each.name()).orElseThrow().getCreateRevision())
                    .isEqualTo(answer.token().revision());
        }
    }

    @Test
    void release_answerLost_isTrueAllTheSame() {
        for (SetNx each : kinds()) {
            Answer answer = each.trySet("v");
            CallFault lost = party.faults.loseNextReply(Calls.deleting(each.name()));
            assertThat(each.release(answer.token())).as(each.name()).isTrue();
            assertThat(lost.hits()).isEqualTo(1);
            assertThat(each.release(answer.token())).isFalse();
        }
    }

    /** The lease that was granted for it, and of which nobody was told, is the one that is used, or revoked. */
    @Test
    void trySet_answerOfTheGrantLost_leavesOneLease() {
        SetNx expiring = SetNx.expiring(party.connection, name, Duration.ofSeconds(60));
        assertThat(expiring.release(expiring.trySet("v").token())).isTrue();
        CallFault lost = party.faults.loseNextReply(CallMatcher.method("Lease/LeaseGrant"));
        List<Long> before = server.leases();
        assertThat(expiring.trySet("v").status()).isEqualTo(Status.CREATED);
        assertThat(lost.hits()).isEqualTo(1);
        List<Long> after = server.leases().stream()
                .filter(lease -> !before.contains(lease))
                .toList();
        assertThat(after).containsExactly(server.get(name).orElseThrow().getLease());
    }
}
