/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of EtcdContainer needs no Docker. */
class EtcdContainerTest {
    @Test
    void image_isTheBuildersElseThePropertysElseTheDefault() {
        assertThat(EtcdContainer.builder().image("a:1").chosenImage()).isEqualTo("a:1");
        assertThat(EtcdContainer.builder().chosenImage()).isEqualTo("quay.io/coreos/etcd:v3.5.30");
        System.setProperty("consort.etcd.image", "b:2");
        try {
            assertThat(EtcdContainer.builder().chosenImage()).isEqualTo("b:2");
            assertThat(EtcdContainer.builder().image("a:1").chosenImage()).isEqualTo("a:1");
        } finally {
            System.clearProperty("consort.etcd.image");
        }
    }

    @Test
    void builder_valuesOutOfRange_areRefused() {
        EtcdContainerBuilder builder = EtcdContainer.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.members(10))
                .withMessageContaining("10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.electionTimeout(Duration.ofSeconds(51)))
                .withMessageContaining("PT51S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.image(" "))
                .withMessageContaining("image");
    }

    @Test
    void portTaken_isToldFromOtherFailures() {
        Throwable taken = new IllegalStateException(
                "cannot start", new IOException("Bind for 127.0.0.1:20001 failed: port is already allocated"));
        assertThat(Docker.isPortTaken(taken)).isTrue();
        assertThat(Docker.isPortTaken(new IOException("listen tcp4: bind: address already in use")))
                .isTrue();
        assertThat(Docker.isPortTaken(new IllegalStateException("no such image", new IOException((String) null))))
                .isFalse();
    }

    /** As for most users: the rest of the test kit works, and this class says what it lacks. */
    @Test
    void withoutTestcontainersOnTheClassPath_saysWhatToAdd() throws ReflectiveOperationException, IOException {
        try (URLClassLoader without = withoutTestcontainers()) {
            assertThat(without.loadClass("dev.consort.testkit.EmbeddedEtcd")
                            .getMethod("builder")
                            .invoke(null))
                    .isNotNull();
            Class<?> type = without.loadClass("dev.consort.testkit.EtcdContainer");
            assertThat(type).isNotEqualTo(EtcdContainer.class);
            assertThat((Optional<?>) type.getMethod("unavailable").invoke(null))
                    .get()
                    .asString()
                    .contains("org.testcontainers:testcontainers", "EtcdProcess", "EmbeddedEtcd");
            assertThat(catchCause(type, "start"))
                    .hasToString("dev.consort.testkit.EtcdProcessException: "
                            + ((Optional<?>) type.getMethod("unavailable").invoke(null)).orElseThrow());
        }
    }

    private static Throwable catchCause(Class<?> type, String method) throws ReflectiveOperationException {
        try {
            Object started = type.getMethod(method).invoke(null);
            throw new AssertionError("started " + started);
        } catch (InvocationTargetException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }

    private static URLClassLoader withoutTestcontainers() throws MalformedURLException {
        List<String> entries = Arrays.stream(
                        System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.contains("testcontainers") && !entry.contains("docker-java"))
                .toList();
        URL[] urls = new URL[entries.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = Path.of(entries.get(i)).toUri().toURL();
        }
        return new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
    }

    /** A second JVM, since Testcontainers looks for Docker once. */
    @Test
    void noDocker_saysWhatToDo(@TempDir Path home) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                NoDocker.class.getName());
        builder.environment().put("DOCKER_HOST", "unix://" + home.resolve("none.sock"));
        Process jvm = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            String said = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(jvm.waitFor()).isZero();
            assertThat(said).startsWith("Docker does not answer: ").contains("DOCKER_HOST", "EmbeddedEtcd");
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Prints the reason. */
    static final class NoDocker {
        private NoDocker() {}

        public static void main(String... ignored) {
            System.out.println(EtcdContainer.unavailable().orElse("available"));
        }
    }
}
