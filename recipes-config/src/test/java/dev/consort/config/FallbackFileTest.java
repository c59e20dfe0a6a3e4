/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FallbackFileTest {
    @TempDir
    Path folder;

    private static final SortedMap<String, ByteString> SOME = new TreeMap<>(
            Map.of("config/a b\n", ByteString.copyFrom(new byte[] {0, -1, 10}), "config/é", ByteString.EMPTY));

    @Test
    void read_whatWasWritten() throws IOException {
        FallbackFile file = new FallbackFile(folder.resolve("kept"));
        file.write(42, SOME);
        assertThat(file.read()).isEqualTo(new FallbackFile.Kept(42, SOME));
        file.write(43, Map.of());
        assertThat(file.read()).isEqualTo(new FallbackFile.Kept(43, new TreeMap<>()));
    }

    @Test
    void write_isForItsOwnerOnlyAndLeavesNothingBesideIt() throws IOException {
        Path path = folder.resolve("kept");
        new FallbackFile(path).write(1, SOME);
        assertThat(Files.getPosixFilePermissions(path)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        try (Stream<Path> all = Files.list(folder)) {
            assertThat(all).containsExactly(path);
        }
    }

    @Test
    void write_folderGone_failsAndKeepsNothing() {
        FallbackFile file = new FallbackFile(folder.resolve("missing/kept"));
        assertThatIOException().isThrownBy(() -> file.write(1, SOME));
        assertThatIOException().isThrownBy(file::read).isInstanceOf(NoSuchFileException.class);
    }

    /** Cut at each place, it is never taken for a smaller configuration. */
    @Test
    void read_cut_isRefused() throws IOException {
        Path path = folder.resolve("kept");
        FallbackFile file = new FallbackFile(path);
        file.write(7, SOME);
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length - 1; length++) {
            Files.write(path, java.util.Arrays.copyOf(whole, length));
            assertThatIOException().as("cut at %s", length).isThrownBy(file::read);
        }
    }

    @Test
    void read_foreign_isRefused() throws IOException {
        Path path = folder.resolve("kept");
        FallbackFile file = new FallbackFile(path);
        for (List<String> lines : List.of(
                List.of("pool=10", "keys 0"),
                List.of("consort-config-1 7", "YQ== !", "keys 1"),
                List.of("consort-config-1 7", "YQ==", "keys 1"),
                List.of("consort-config-1 x", "keys 0"))) {
            Files.write(path, lines);
            assertThatIOException().as("%s", lines).isThrownBy(file::read).withMessageContaining("delete it");
        }
    }
}
