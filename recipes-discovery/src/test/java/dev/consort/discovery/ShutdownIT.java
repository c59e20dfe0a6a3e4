/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is told to end deregisters first, and does not leave that to its TTL. */
class ShutdownIT {
    private final Server server = Server.real();
    private final String prefix = "/services/" + Server.freshName() + "/";

    @TempDir
    Path folder;

    @Test
    void sigterm_deregisters() throws Exception {
        File said = folder.resolve("said").toFile();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        RegisteredProcess.class.getName(),
                        server.endpoints().get(0),
                        prefix)
                .redirectErrorStream(true)
                .redirectOutput(said)
                .start();
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> !server.keys(prefix).isEmpty() || !process.isAlive());
            assertThat(server.keys(prefix)).as("%s", said).containsExactly(prefix + "child");
            process.destroy();
            await().atMost(Duration.ofSeconds(30)) // of a TTL of 60 s
                    .until(() -> server.keys(prefix).isEmpty());
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Registers, and waits for its end. */
    static final class RegisteredProcess {
        private RegisteredProcess() {}

        public static void main(String... arguments) throws InterruptedException {
            Connection connection = Connection.to(arguments[0])
                    .connectTimeout(Duration.ofSeconds(30))
                    .open();
            Registrar<String> registrar = Registrar.builder(connection, ServiceLayout.goKit(arguments[1]))
                    .ttl(Duration.ofSeconds(60))
                    .closeOnShutdown()
                    .register("http://child");
            System.out.println(registrar);
            new CountDownLatch(1).await();
        }
    }
}
