/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A history that no order of its operations explains, cut down to its shortest part of which that is true. What completes
 * after that part counts as of unknown outcome in it, and what fails after it is left out.
 *
 * @param name of the object, empty if the history was of one
 * @param until the moment of the completion that cannot be explained, the end of the part
 * @param before how many operations had ended before the part
 * @param states the states that were possible before the part, as text; {@code "..."} for more of them
 * @param pending operations that began before the part and had no known end in it: each may have had its effect or not
 * @param part the operations of the part
 * @param <O> the operations of the model
 */
public record Violation<O>(
        String name, long until, int before, List<String> states, List<Operation<O>> pending, List<Operation<O>> part) {
    /** Takes copies. */
    public Violation {
        states = List.copyOf(states);
        pending = List.copyOf(pending);
        part = List.copyOf(part);
    }

    /** The operations that cannot be placed: with their outcomes unknown there would be an order. Mostly one. */
    public List<Operation<O>> unplaced() {
        return part.stream().filter(this::isUnplaced).toList();
    }

    boolean isUnplaced(Operation<?> operation) {
        return operation.completed() == until;
    }

    /** Whether no outcome of an operation was known when the part ended. */
    boolean isOpen(Operation<?> operation) {
        return operation.completed() > until;
    }

    /**
     * Writes it as a picture: an HTML page that needs nothing else, with a row for each client and a bar for each operation.
     *
     * @param folder made if there is none; each call writes another file
     * @return the file
     * @throws UncheckedIOException if it cannot be written
     */
    public Path writePicture(Path folder) {
        return HistoryPicture.of(this).write(folder);
    }

    /** Writes it to {@code target/histories} below the working directory; otherwise as {@link #writePicture(Path)}. */
    public Path writePicture() {
        return writePicture(Path.of("target", "histories"));
    }

    /** The text and where the picture is, which is written by {@link #writePicture()}, or why it is not. */
    public String report() {
        try {
            return this + "\npicture: " + writePicture().toAbsolutePath();
        } catch (UncheckedIOException e) {
            // A full disk must not hide what was found.
            return this + "\n" + e.getMessage() + ": " + e.getCause();
        }
    }

    /** Several lines, for the message of a failed test. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("no order of the operations")
                .append(name.isEmpty() ? "" : " on " + name)
                .append(" explains their outcomes");
        unplaced()
                .forEach(operation ->
                        text.append("\nthis one cannot be placed: ").append(operation));
        text.append("\nthe state before these, after ").append(before).append(" others, was ");
        text.append(states.stream().collect(Collectors.joining("\n  or ")));
        part.forEach(operation -> text.append(line(operation)));
        if (!pending.isEmpty()) {
            text.append("\nand each of these had begun before, and may have happened or not:");
            pending.forEach(operation -> text.append(line(operation)));
        }
        return text.toString();
    }

    private String line(Operation<O> operation) {
        boolean later = isOpen(operation) && operation.outcome() != Outcome.UNKNOWN;
        return (isUnplaced(operation) ? "\n> " : "\n  ") + operation + (later ? " (ends later)" : "");
    }
}
