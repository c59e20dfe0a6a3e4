/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.config.ConfigWriter.Change;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What writing settings costs in requests and commits: as the page says. */
@Isolated("counts revisions")
class ConfigWriterCostIT {
    private static final String CHANGE = "`commit` of a change, with an audit entry or without";

    private final Server server = Server.counted();
    private final Party party = server.join(Duration.ofMinutes(10));
    private final ConfigWriter writer = ConfigWriter.create(party.connection, Server.freshName());
    private final CostTable page = new CostTable("config-writer.md");

    @AfterEach
    void leave() {
        assertThat(page.unasked()).isEmpty();
        party.close();
        server.endLeases();
    }

    private <T> T step(List<String> rows, Supplier<T> step) {
        long revision = server.revision();
        CallCounts before = party.log.counts();
        T result = step.get();
        int requests = rows.stream().mapToInt(row -> page.row(row).first()).sum();
        int commits = rows.stream().mapToInt(row -> page.row(row).second()).sum();
        await().untilAsserted(() -> {
            CallCounts counts = party.log.counts().since(before);
            assertThat(counts.unaryCalls()).as("%s: %s", rows, counts).isEqualTo(requests);
            assertThat(server.revision() - revision).as("%s", rows).isEqualTo(commits);
        });
        return result;
    }

    private Change ofKeys(int count, String value) {
        Change change = writer.change();
        for (int i = 0; i < count; i++) {
            change.put("key-" + i, value);
        }
        return change;
    }

    @Test
    void writer_costsWhatThePageSays() {
        long empty = server.revision();
        long one = step(List.of("first write of a connection, besides", CHANGE), ofKeys(3, "1")::commit)
                .revision();
        long two = step(List.of(CHANGE), ofKeys(33, "2").because("ann", "why").expectRevision("key-0", one)::commit)
                .revision();
        step(
                List.of("`commit` that is refused by an expectation"),
                ofKeys(3, "3").expect("key-0", "1")::commit);
        step(List.of(CHANGE, "`basedOn`, besides"), ofKeys(3, "3").basedOn(two)::commit);
        step(
                List.of("`commit` that is refused by `basedOn`, besides that", "`basedOn`, besides"),
                ofKeys(3, "4").basedOn(two)::commit);
        String back = "`rollBack`";
        String values = "each 32 keys that it may have to put back, besides";
        step(List.of(back, values), () -> writer.rollBack(one, "ann", "why"));
        step(List.of(back, values, values), () -> writer.rollBack(two, "ann", "why"));
        long now = server.revision();
        step(List.of("`rollBack` to what is there"), () -> writer.rollBack(now, "ann", "why"));
        step(List.of(back), () -> writer.rollBack(empty, "ann", "why"));
        step(List.of("`audit`, each page"), () -> writer.audit(2));
    }
}
