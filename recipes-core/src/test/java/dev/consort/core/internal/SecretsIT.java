/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CertificateAuthority;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.IssuedCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** No secret appears in what a whole process prints with every logger at its finest, whatever goes well or wrong. */
@Execution(ExecutionMode.CONCURRENT)
class SecretsIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void secrets_areInNoLogLineExceptionOrToString() throws IOException, InterruptedException {
        CertificateAuthority authority = CertificateAuthority.in(folder);
        IssuedCertificate locked = authority.issueEncrypted("client", TalkativeJvm.PASSPHRASE.toCharArray());
        try (EtcdProcess etcd = EtcdProcess.builder()
                .unsafeNoFsync()
                .tls(authority)
                .auth(TalkativeJvm.PASSWORD)
                .start()) {
            Path output = folder.resolve("output");
            Process talkative = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
                            "-Dorg.slf4j.simpleLogger.log.dev.consort=trace",
                            TalkativeJvm.class.getName(),
                            etcd.endpoints().get(0),
                            authority.certificate().toString(),
                            locked.certificate().toString(),
                            locked.key().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertThat(talkative.waitFor(50, TimeUnit.SECONDS)).isTrue();
            } finally {
                talkative.destroyForcibly();
            }
            List<String> lines = Files.readAllLines(output);
            String key = Files.readAllLines(locked.key()).get(1);
            String token = lines.stream()
                    .filter(line -> line.startsWith(TalkativeJvm.TOKEN))
                    .map(line -> line.substring(TalkativeJvm.TOKEN.length()))
                    .findFirst()
                    .orElseThrow();
            assertThat(token).isNotBlank();
            assertThat(lines)
                    .as("it did what it was to do")
                    .anyMatch(line -> line.contains("another password"))
                    .anyMatch(line -> line.contains("wrong passphrase"))
                    .anyMatch(line -> line.contains("DEBUG"))
                    .contains("done");
            assertThat(lines)
                    .filteredOn(line -> !line.startsWith(TalkativeJvm.TOKEN))
                    // gRPC prints whole frames there, as docs/connection.md says; nothing of ours can stop it.
                    .filteredOn(line -> !line.contains("NettyClientHandler"))
                    .noneMatch(line -> line.contains(TalkativeJvm.PASSWORD)
                            || line.contains(TalkativeJvm.WRONG)
                            || line.contains(TalkativeJvm.PASSPHRASE)
                            || line.contains(key)
                            || line.contains(token));
        }
    }
}
