/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A violation as an HTML page that is also well-formed XML: a row for each client, in it a bar for each operation from its
 * invocation to its completion. Moments only compare, so they stand at equal distances. For one thread.
 */
final class HistoryPicture {
    private static final int LEFT = 90;
    private static final int TOP = 30;
    private static final int STEP = 56; // from one moment to the next
    private static final int LANE = 40;
    private static final int CHARACTER = 7;
    private static final int LONGEST = 60;

    private static final String STYLE = """
            body { font: 14px sans-serif; margin: 24px; background: white; color: #222 }
            svg { font: 12px monospace } pre { background: #f4f4f4; padding: 12px; white-space: pre-wrap }
            .row line { stroke: #ddd } .end { stroke: #c22; stroke-dasharray: 4 4 }
            .ok rect { fill: #5a8fc8 } .failed rect { fill: #999 } .unknown rect, .later rect { fill: url(#fading) }
            .unplaced rect { fill: #c22 } .unplaced text { fill: #c22; font-weight: bold }
            """;

    private final Violation<?> violation;
    private final List<Operation<?>> operations = new ArrayList<>();
    private final List<Long> moments;
    private final StringBuilder rows = new StringBuilder();
    private int y = TOP;

    private HistoryPicture(Violation<?> violation) {
        this.violation = violation;
        operations.addAll(violation.pending());
        operations.addAll(violation.part());
        operations.sort(Comparator.comparingLong(Operation::invoked));
        moments = List.copyOf(new TreeSet<>(operations.stream()
                .flatMap(operation -> Stream.of(operation.invoked(), operation.completed()))
                .filter(moment -> moment <= violation.until())
                .toList()));
    }

    static HistoryPicture of(Violation<?> violation) {
        return new HistoryPicture(violation);
    }

    Path write(Path folder) {
        String name = violation.name().replaceAll("[^A-Za-z0-9._-]+", "_");
        try {
            Files.createDirectories(folder);
            for (int i = 1; ; i++) {
                Path file = folder.resolve((name.isEmpty() ? "history" : "history-" + name) + "-" + i + ".html");
                try {
                    return Files.writeString(file, html(), UTF_8, StandardOpenOption.CREATE_NEW);
                } catch (FileAlreadyExistsException e) {
                    // An earlier violation's.
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("no picture could be written to " + folder, e);
        }
    }

    String html() {
        String title = "Not linearizable" + (violation.name().isEmpty() ? "" : ": " + violation.name());
        rows.setLength(0);
        y = TOP;
        Map<Integer, List<Operation<?>>> clients = new TreeMap<>();
        operations.forEach(operation -> clients.computeIfAbsent(operation.client(), unused -> new ArrayList<>())
                .add(operation));
        clients.forEach(this::row);
        return """
                <!DOCTYPE html>
                <html xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="UTF-8" /><title>%s</title>
                <style>%s</style></head>
                <body><h1>%s</h1>
                <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">
                <defs><linearGradient id="fading"><stop offset="0" stop-color="#5a8fc8" />
                <stop offset="1" stop-color="#5a8fc8" stop-opacity="0" /></linearGradient></defs>
                %s<line class="end" x1="%d" x2="%d" y1="%d" y2="%d" />
                </svg>
                <p>Red cannot be placed. What fades out had no known outcome when the red one ended.</p>
                <pre>%s</pre></body></html>
                """.formatted(
                        text(title),
                        STYLE,
                        text(title),
                        width(),
                        y + 10,
                        rows,
                        x(violation.until()),
                        x(violation.until()),
                        TOP - 10,
                        y,
                        text(violation.toString()));
    }

    /** A client whose operations overlap has several lanes, and so have labels that are longer than their bars. */
    private void row(int client, List<Operation<?>> its) {
        List<Integer> lanes = new ArrayList<>(); // where each is free from
        StringBuilder bars = new StringBuilder();
        for (Operation<?> operation : its) {
            int from = x(operation.invoked());
            int lane = 0;
            while (lane < lanes.size() && lanes.get(lane) > from) {
                lane++;
            }
            int free = Math.max(end(operation), from + label(operation).length() * CHARACTER) + 8;
            if (lane == lanes.size()) {
                lanes.add(free);
            } else {
                lanes.set(lane, free);
            }
            bars.append(bar(operation, y + lane * LANE));
        }
        rows.append("<g class=\"row\"><text x=\"4\" y=\"%d\">client %d</text>%n".formatted(y + 24, client))
                .append(bars);
        y += lanes.size() * LANE;
        rows.append("<line x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\" /></g>%n".formatted(width(), y, y));
    }

    private String bar(Operation<?> operation, int top) {
        String kind = violation.isUnplaced(operation)
                ? "unplaced"
                : operation.outcome() != Outcome.UNKNOWN && violation.isOpen(operation)
                        ? "later"
                        : operation.outcome().name().toLowerCase(Locale.ROOT);
        int from = x(operation.invoked());
        return """
                <g class="operation %s"><title>%s</title><text x="%d" y="%d">%s</text>
                <rect x="%d" y="%d" width="%d" height="12" rx="3" /></g>
                """.formatted(
                        kind,
                        text(operation.toString()),
                        from,
                        top + 14,
                        text(label(operation)),
                        from,
                        top + 18,
                        end(operation) - from);
    }

    private static String label(Operation<?> operation) {
        String label = operation.what() + " " + operation.outcome();
        return label.length() <= LONGEST ? label : label.substring(0, LONGEST - 3) + "...";
    }

    private int x(long moment) {
        return LEFT + STEP * moments.indexOf(moment);
    }

    private int end(Operation<?> operation) {
        return violation.isOpen(operation) ? x(violation.until()) + STEP : x(operation.completed());
    }

    private int width() {
        return x(violation.until()) + STEP + LONGEST * CHARACTER;
    }

    private static String text(String any) {
        return any.replaceAll("[\\p{Cntrl}&&[^\n]]|[\\ud800-\\udfff\\ufffe\\uffff]", "?")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;");
    }
}
