/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere nobody knows whether a change whose answer is lost was made: here it is found out, and it is made once (S9). */
class F09_LostAnswerOfChangeIT {
    private final Party party = Server.embedded().join();
    private final String root = Server.freshName();
    private final ConfigWriter writer = ConfigWriter.create(party.connection, root);

    @AfterEach
    void leave() {
        party.close();
    }

    private CallFault lost() {
        return party.faults.loseNextReply(Calls.putting("consort/config/" + root + "//head"));
    }

    private long modRevision(String name) {
        return Server.embedded().get(root + "/" + name).orElseThrow().getModRevision();
    }

    @Test
    void commit_answerLost_isCommittedOnce() {
        CallFault lost = lost();
        WriteOutcome first = writer.change()
                .put("a", "1")
                .expectAbsent("a")
                .because("ann", "why")
                .commit();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(first.committed()).isTrue();
        assertThat(modRevision("a")).isEqualTo(first.revision());
        assertThat(writer.audit(10)).extracting(AuditEntry::revision).containsExactly(first.revision());
        lost = lost();
        WriteOutcome second =
                writer.change().put("a", "2").basedOn(first.revision()).commit();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(second.committed()).isTrue();
        assertThat(modRevision("a")).isEqualTo(second.revision());
    }

    @Test
    void refusal_answerLost_isRefused() {
        long first = writer.change().put("a", "1").commit().revision();
        CallFault lost = lost();
        assertThat(writer.change().put("a", "2").expect("a", "0").commit().conflicts())
                .extracting(WriteConflict::name)
                .containsExactly("a");
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(modRevision("a")).isEqualTo(first);
    }

    @Test
    void rollBack_answerLost_isMadeOnce() {
        long first = writer.change().put("a", "1").commit().revision();
        writer.change().put("a", "2").put("b", "2").commit();
        CallFault lost = lost();
        WriteOutcome back = writer.rollBack(first, "ann", "why");
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(back.committed()).isTrue();
        assertThat(modRevision("a")).isEqualTo(back.revision());
        assertThat(writer.audit(10)).extracting(AuditEntry::revision).containsExactly(back.revision());
    }
}
