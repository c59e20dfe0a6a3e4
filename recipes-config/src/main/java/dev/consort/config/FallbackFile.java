/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What stood in etcd at a revision, in a file: a line with the revision, one for each key, and one with their number, so that
 * a file that was cut is not taken for a smaller configuration. Written beside and moved into place. For one writer.
 */
final class FallbackFile {
    private static final String FIRST = "consort-config-1 ";
    private static final String LAST = "keys ";

    private final Path file;

    FallbackFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    /** What was kept. */
    record Kept(long revision, SortedMap<String, ByteString> bytes) {}

    void write(long revision, Map<String, ByteString> bytes) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(FIRST + revision);
        bytes.forEach((key, value) -> lines.add(base64(ByteString.copyFromUtf8(key)) + " " + base64(value)));
        lines.add(LAST + bytes.size());
        Path folder = file.getParent();
        Path beside = Files.createTempFile(folder, file.getFileName() + ".", ".tmp", ownersOnly());
        try {
            Files.write(beside, lines);
            move(beside);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private static FileAttribute<?>[] ownersOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private void move(Path beside) throws IOException {
        try {
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static String base64(ByteString bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /**
     * Reads what was kept.
     *
     * @throws IOException if there is no such file, or it was not written by this class, or not to its end
     */
    Kept read() throws IOException {
        List<String> lines = Files.readAllLines(file);
        int keys = lines.size() - 2;
        if (keys < 0 || !lines.get(0).startsWith(FIRST) || !lines.get(keys + 1).equals(LAST + keys)) {
            throw new IOException(file + " is no complete configuration kept by a ConfigView; delete it");
        }
        try {
            SortedMap<String, ByteString> bytes = new TreeMap<>();
            for (String line : lines.subList(1, keys + 1)) {
                int space = line.indexOf(' ');
                bytes.put(bytes(line.substring(0, space)).toStringUtf8(), bytes(line.substring(space + 1)));
            }
            return new Kept(Long.parseLong(lines.get(0).substring(FIRST.length())), bytes);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(file + " is damaged; delete it", e);
        }
    }

    private static ByteString bytes(String base64) {
        return ByteString.copyFrom(Base64.getDecoder().decode(base64));
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
