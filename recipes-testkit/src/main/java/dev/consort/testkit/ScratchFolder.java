/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;

/** A temporary folder that goes with {@link #close()} or with this JVM, however it ends. */
final class ScratchFolder implements AutoCloseable {
    private final Process owner;
    private final Path path;

    private ScratchFolder(Process owner, Path path) {
        this.owner = owner;
        this.path = path;
    }

    static ScratchFolder create() {
        Path parent = Path.of(Objects.requireNonNull(System.getProperty("java.io.tmpdir")))
                .toAbsolutePath();
        try {
            Process owner = GuardedProcess.startFolder(parent);
            BufferedReader reader = owner.inputReader(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
            String line = reader.readLine();
            if (line == null) {
                throw new EtcdProcessException("cannot create a temporary folder in " + parent);
            }
            return new ScratchFolder(owner, Path.of(line));
        } catch (IOException e) {
            throw new EtcdProcessException("cannot create a temporary folder in " + parent, e);
        }
    }

    Path path() {
        return path;
    }

    Path subfolder(String name) {
        try {
            return Files.createDirectory(path.resolve(name));
        } catch (IOException e) {
            throw new EtcdProcessException("cannot create the folder " + path.resolve(name), e);
        }
    }

    /** Removes a folder with all that is in it; no effect if there is none. */
    static void remove(Path folder) {
        try (Stream<Path> inside = Files.exists(folder) ? Files.walk(folder) : Stream.empty()) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new EtcdProcessException("cannot remove " + folder, e);
        }
    }

    @Override
    public void close() {
        GuardedProcess.end(owner);
    }
}
