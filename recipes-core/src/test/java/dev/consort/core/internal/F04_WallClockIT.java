/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * F04, S25: the wall clock of a process jumps by an hour, and ends or prolongs leases. Here a real clock jumps, by
 * libfaketime; {@link F03_PausedProcessIT} and {@link LeaseKeeperTest} let one jump in each build.
 */
@Tag("long")
class F04_WallClockIT {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration BEYOND_TTL = Duration.ofSeconds(5);

    @RegisterExtension
    final Parties parties = new Parties();

    @TempDir
    private Path folder = Missing.value();

    /** What runs in the process whose clock jumps: it says how things are whenever it is asked. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try (Connection connection = Connection.to(arguments[0])
                            .connectTimeout(Duration.ofSeconds(20))
                            .open();
                    Session session = Session.builder(connection)
                            .ttl(Duration.ofSeconds(3))
                            .open()) {
                EtcdGrant grant =
                        new Acquirer<EtcdGrant>(EtcdSession.of(session), it -> it).acquire(Party.spec(arguments[1]));
                do {
                    System.out.println(EtcdSession.of(session).now() + " " + grant.isHeld() + " " + session.state()
                            + " " + (session.remaining().compareTo(Duration.ofSeconds(3)) <= 0));
                } while (in.readLine() != null);
            }
        }
    }

    private static Path faketime() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isExecutable(root.resolve("tools/faketime"))) {
            root = Objects.requireNonNull(root.getParent(), "no tools/faketime above the working folder");
        }
        Process tool = new ProcessBuilder(root.resolve("tools/faketime").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(Path.of(said)).as(said).exists();
        return Path.of(said);
    }

    private static void assertHeldAt(BufferedReader out, Duration offset) throws IOException {
        String[] said = out.readLine().split(" ", -1);
        assertThat(Duration.between(Instant.now().plus(offset), Instant.parse(said[0])))
                .isBetween(Duration.ofSeconds(-20), Duration.ofSeconds(20));
        assertThat(said[1] + " " + said[3]).isEqualTo("true true");
        assertThat(said[2]).isIn("ACTIVE", "AT_RISK");
    }

    @Test
    void jumpsOfAnHour_neitherEndNorProlongALease() throws Exception {
        Path clock = Files.writeString(folder.resolve("clock"), "+0");
        String name = Parties.name();
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        SharedEtcd.server().endpoints().get(0),
                        name)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment()
                .putAll(Map.of(
                        "LD_PRELOAD", faketime().toString(),
                        "FAKETIME_TIMESTAMP_FILE", clock.toString(),
                        "FAKETIME_CACHE_DURATION", "1",
                        "FAKETIME_DISABLE_SHM", "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC", "1"));
        Process process = builder.start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
                PrintWriter in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true)) {
            assertHeldAt(out, Duration.ZERO);
            for (Duration jump : new Duration[] {HOUR, HOUR.negated()}) {
                Files.writeString(clock, (jump.isNegative() ? "" : "+") + jump.toSeconds());
                Waits.pass(BEYOND_TTL); // it looks at the file once a second
                in.println();
                assertHeldAt(out, jump);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        // Nor is it kept beyond its time: the next one is granted when the TTL is over.
        assertThat(Waits.get(parties.join().acquireAsync(name)).isHeld()).isTrue();
    }
}
