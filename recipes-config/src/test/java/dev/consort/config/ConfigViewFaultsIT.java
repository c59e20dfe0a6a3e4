/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.config.ConfigViewContract.Told;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.testkit.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Etcd goes, comes back, or is not there as the view is opened (S35, F17). */
class ConfigViewFaultsIT {
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofSeconds(10);

    private final Server server = Server.real();
    private final FaultProxy proxy = FaultProxy.to(server.endpoints().get(0));
    private final Connection connection =
            Connection.to(proxy.endpoint()).requestTimeout(SHORT).openLazily();
    private final String root = Server.freshName();

    @TempDir
    Path folder;

    @AfterEach
    void leave() {
        connection.close();
        proxy.close();
    }

    private void unreachable() {
        proxy.refuse();
        proxy.reset();
    }

    private ConfigView.Builder<SortedMap<String, String>> texts() {
        return ConfigView.of(connection, root);
    }

    /** What a listener was told, in order. */
    private static final class News implements ConfigListener<Object> {
        final List<String> told = new CopyOnWriteArrayList<>();

        @Override
        public void onChange(ConfigChange<?> change) {
            told.add("change");
        }

        @Override
        public void onStale() {
            told.add("stale");
        }

        @Override
        public void onCurrent() {
            told.add("current");
        }
    }

    @Test
    void etcdGoes_theLastValueStaysAndWhatWasMissedFollows() throws Exception {
        server.put(root + "/a", "1");
        try (ConfigView<SortedMap<String, String>> view = texts().open()) {
            News news = new News();
            view.listen(news);
            unreachable();
            await().until(() -> view.snapshot().stale());
            assertThat(view.get()).isEqualTo(Map.of("a", "1"));
            server.put(root + "/a", "2");
            long missed = server.put(root + "/b", "1");
            proxy.accept();
            assertThat(view.awaitRevision(missed, Duration.ofSeconds(30)).value())
                    .isEqualTo(Map.of("a", "2", "b", "1"));
            await().until(() -> !view.snapshot().stale());
            await().until(() -> news.told.contains("change"));
            assertThat(news.told).startsWith("stale", "current");
        }
    }

    @Test
    void compactedWhileAway_whatDiffersIsTold() throws Exception {
        server.put(root + "/a", "1");
        server.put(root + "/same", "1");
        try (ConfigView<SortedMap<String, String>> view = texts().open()) {
            Told<SortedMap<String, String>> told = new Told<>();
            view.listen(told);
            unreachable();
            await().until(() -> view.snapshot().stale());
            server.put(root + "/b", "1");
            server.delete(root + "/a");
            server.compact();
            proxy.accept();
            ConfigChange<? extends SortedMap<String, String>> change = told.next();
            assertThat(change.after()).isEqualTo(Map.of("b", "1", "same", "1"));
            assertThat(change.keys()).containsExactlyInAnyOrder("a", "b");
        }
    }

    @Test
    void notThereAtOpen_isSaidWithinTheRequestTimeout() {
        unreachable();
        long begun = System.nanoTime();
        assertThatExceptionOfType(EtcdUnavailableException.class)
                .isThrownBy(() -> texts().open())
                .withMessageContaining(root)
                .withMessageContaining(proxy.endpoint());
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void notThereAtOpen_theFileHoldsUntilEtcdAnswers() throws Exception {
        Path file = folder.resolve("kept");
        server.put(root + "/a", "1");
        try (ConfigView<SortedMap<String, String>> view = texts().fallback(file).open()) {
            view.awaitRevision(server.put(root + "/b", "2"), LONG);
            await().until(() -> keeps(file, 2));
        }
        unreachable();
        try (ConfigView<SortedMap<String, String>> view = texts().fallback(file).open()) {
            assertThat(view.get()).isEqualTo(Map.of("a", "1", "b", "2"));
            assertThat(view.snapshot()).returns(true, ConfigSnapshot::fromFile).returns(true, ConfigSnapshot::stale);
            Told<SortedMap<String, String>> told = new Told<>();
            view.listen(told);
            long revision = server.put(root + "/b", "3");
            proxy.accept();
            assertThat(told.next().after()).isEqualTo(Map.of("a", "1", "b", "3"));
            assertThat(view.awaitRevision(revision, LONG))
                    .returns(false, ConfigSnapshot::fromFile)
                    .returns(false, ConfigSnapshot::stale);
        }
    }

    /** What is refused is never kept: the file has the last good one. */
    @Test
    void refused_theFileKeepsTheLastGoodOne() throws Exception {
        Path file = folder.resolve("kept");
        server.put(root + "/a", "1");
        try (ConfigView<Integer> view = texts().map(all -> Integer.parseInt(all.get("a")))
                .fallback(file)
                .open()) {
            await().until(() -> keeps(file, 1));
            view.awaitRevision(server.put(root + "/a", "one"), LONG);
            long good = server.put(root + "/c", "2");
            view.awaitRevision(good, LONG);
            view.awaitRevision(server.put(root + "/a", "2"), LONG);
            await().until(() -> keeps(file, 2));
            // A good one, and before it can be kept a bad one: that is in effect nowhere, and is not kept.
            server.put(root + "/a", "3");
            view.awaitRevision(server.put(root + "/a", "two"), LONG);
            await().during(Duration.ofMillis(1200)).until(() -> keepsNumber(file));
        }
        unreachable();
        try (ConfigView<Integer> view = texts().map(all -> Integer.parseInt(all.get("a")))
                .fallback(file)
                .open()) {
            assertThat(view.get()).isBetween(2, 3);
        }
    }

    private static boolean keepsNumber(Path file) throws IOException {
        return new FallbackFile(file)
                .read().bytes().values().stream()
                        .allMatch(value -> value.toStringUtf8().matches("[0-9]+"));
    }

    private static boolean keeps(Path file, int keys) throws IOException {
        return Files.exists(file) && new FallbackFile(file).read().bytes().size() == keys;
    }

    @Test
    void notThereAtOpen_withoutAnyUseOfTheFile_saysBoth() throws IOException {
        Path file = folder.resolve("kept");
        Files.writeString(file, "no configuration");
        unreachable();
        assertThatExceptionOfType(EtcdUnavailableException.class)
                .isThrownBy(() -> texts().fallback(file).open())
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        assertThat(connection.endpoints()).containsExactly(proxy.endpoint());
    }

    /** A file that cannot be written does not end the view. */
    @Test
    void fileCannotBeWritten_theViewGoesOn() throws Exception {
        server.put(root + "/a", "1");
        try (ConfigView<SortedMap<String, String>> view =
                texts().fallback(folder.resolve("missing/kept")).open()) {
            long revision = server.put(root + "/a", "2");
            assertThat(view.awaitRevision(revision, LONG).value()).isEqualTo(Map.of("a", "2"));
        }
    }
}
