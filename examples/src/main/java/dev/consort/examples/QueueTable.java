/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.QueueReport;
import dev.consort.core.QueueReport.Claim;
import dev.consort.core.QueueReport.ForeignKey;
import dev.consort.core.QueueReport.NamedQueue;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/** An operator's view: who holds and who waits for every lock and election below a prefix, and what is in their way. */
public final class QueueTable {
    private static final String ROW = "%-24s %-8s %-24s %18s %10s %9s %7s %s%n";
    private static final int WHO_CHARACTERS = 24;

    private QueueTable() {}

    /**
     * Prints the table.
     *
     * @param arguments the prefix, such as {@code orders}, or nothing for all; then endpoints of etcd, {@code
     *     http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     */
    public static void main(String... arguments) throws InterruptedException {
        String prefix = arguments.length > 0 ? arguments[0] : "";
        String[] etcd = arguments.length > 1
                ? Arrays.copyOfRange(arguments, 1, arguments.length)
                : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(etcd).open()) {
            print(QueueReport.of(connection, prefix), System.out);
        }
    }

    /** One line a claim, in the order in which they are granted, then one a key that is none. */
    static void print(QueueReport report, PrintStream out) {
        out.printf(ROW, "QUEUE", "PLACE", "WHO", "LEASE", "REVISION", "AGE", "TTL", "BY");
        for (NamedQueue queue : report.queues()) {
            queue.owners().forEach(owner -> print(queue, "owner", owner, out));
            queue.waiters().forEach(waiter -> print(queue, "waits", waiter, out));
            queue.foreign().forEach(key -> print(queue.name(), "blocks", key, out));
        }
        report.foreign().forEach(key -> print("", "foreign", key, out));
        out.println("at revision " + report.revision());
    }

    private static void print(NamedQueue queue, String place, Claim claim, PrintStream out) {
        out.printf(
                ROW,
                printable(queue.name()),
                place,
                who(claim),
                Long.toHexString(claim.leaseId()),
                claim.revision(),
                seconds(claim.age()),
                claim.remaining().isEmpty() ? "gone" : seconds(claim.remaining()),
                claim.hasSession() ? "Consort" : "other");
    }

    private static void print(String queue, String place, ForeignKey key, PrintStream out) {
        String lease = key.leaseId() == 0 ? "-" : Long.toHexString(key.leaseId());
        out.printf(ROW, printable(queue), place, printable(key.key()), lease, key.revision(), "-", "-", "");
    }

    /** A lock's claim tells host and process; an election's value is what its candidate proposes. */
    private static String who(Claim claim) {
        String proposal = claim.value().toString(StandardCharsets.UTF_8);
        String who = claim.host()
                .map(host -> host + " " + claim.process().orElse(0L))
                .orElse(proposal);
        return who.isEmpty() ? "-" : printable(who.substring(0, Math.min(who.length(), WHO_CHARACTERS)));
    }

    /** Keys and values may hold what moves a terminal's cursor. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    private static String seconds(Optional<Duration> time) {
        return time.map(known -> known.toSeconds() + " s").orElse("-");
    }
}
