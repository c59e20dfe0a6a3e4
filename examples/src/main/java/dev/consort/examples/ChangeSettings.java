/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.config.AuditEntry;
import dev.consort.config.ConfigView;
import dev.consort.config.ConfigWriter;
import dev.consort.config.WriteConflict;
import dev.consort.config.WriteOutcome;
import dev.consort.core.Connection;
import java.time.Duration;
import java.util.SortedMap;
import java.util.concurrent.TimeoutException;

/** Settings that are changed together by people who say why, and taken back. */
public final class ChangeSettings {
    private static final Duration SOON = Duration.ofSeconds(5);

    private ChangeSettings() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws TimeoutException if etcd does not answer
     */
    public static void main(String... arguments) throws InterruptedException, TimeoutException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open();
                ConfigView<SortedMap<String, String>> settings =
                        ConfigView.of(connection, "settings/billing").open()) {
            ConfigWriter writer = ConfigWriter.create(connection, "settings/billing");
            WriteOutcome first = writer.change()
                    .put("pool/size", "20")
                    .put("pool/timeout", "PT5S")
                    .expectAbsent("pool/size")
                    .because("ann", "to begin with")
                    .commit();
            long seen = settings.awaitRevision(first.revision(), SOON).seen();

            WriteOutcome second = writer.change()
                    .put("pool/size", "500")
                    .delete("pool/timeout")
                    .basedOn(seen)
                    .because("bob", "more load")
                    .commit();
            settings.awaitRevision(second.revision(), SOON);
            System.out.println("bob: " + settings.get());

            WriteOutcome late = writer.change()
                    .put("pool/size", "30")
                    .basedOn(seen)
                    .because("cid", "a little more load")
                    .commit();
            for (WriteConflict conflict : late.conflicts()) {
                System.out.println("cid: somebody has changed " + conflict.name());
            }

            WriteOutcome back = writer.rollBack(first.revision(), "ann", "the database is at its limit");
            settings.awaitRevision(back.revision(), SOON);
            System.out.println("ann: " + settings.get());
            for (AuditEntry entry : writer.audit(10)) {
                System.out.println(entry.who() + ", " + entry.why() + ": " + entry.put() + entry.deleted());
            }
        }
    }
}
