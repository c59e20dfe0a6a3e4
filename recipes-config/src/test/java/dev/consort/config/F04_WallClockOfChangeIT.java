/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a clock that jumps puts changes in another order: here it is read for people only, and revisions are the order. */
class F04_WallClockOfChangeIT {
    private final Party party = Server.embedded().join();
    private final String root = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void audit_isInTheOrderOfRevisions_whateverTheClockSays() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-22T12:00:00Z"));
        ConfigWriter writer = ConfigWriter.create(party.connection, root, now::get);
        writer.change().put("a", "1").because("first", "why").commit();
        now.updateAndGet(instant -> instant.minus(Duration.ofHours(1)));
        writer.change().put("a", "2").because("second", "why").commit();
        assertThat(writer.audit(10)).extracting(AuditEntry::who).containsExactly("second", "first");
        assertThat(writer.audit(10))
                .extracting(entry -> entry.when().orElseThrow().toString())
                .containsExactly("2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z");
    }

    @Test
    void change_withoutAnEntry_readsNoClock_andOneThatFailsWritesNothing() {
        InstantSource broken = () -> {
            throw new IllegalStateException("no clock");
        };
        ConfigWriter writer = ConfigWriter.create(party.connection, root, broken);
        long first = writer.change().put("a", "1").commit().revision();
        assertThat(writer.change().put("a", "2").basedOn(first).commit().committed())
                .isTrue();
        assertThatIllegalStateException()
                .isThrownBy(() ->
                        writer.change().put("a", "3").because("ann", "why").commit());
        assertThatIllegalStateException().isThrownBy(() -> writer.rollBack(first, "ann", "why"));
        assertThat(Server.embedded().text(root + "/a")).isEqualTo("2");
    }
}
