/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.examples.demo.Spans.Span;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Draws a run as a picture (SVG) that needs nothing else: a row for each process, time from left to right. */
final class Timeline {
    private static final int LEFT = 60;
    private static final int WIDTH = 1200;
    private static final int TOP = 84;
    private static final int ROW = 92;
    private static final int LEADER_LANE = 24;
    private static final int JOB_LANE = 46;
    private static final int BAR = 18;
    private static final int ENOUGH_FOR_LABEL = 14;
    private static final long SECOND = 1000;

    private static final String STYLE = """
            <style>
              text { font: 11px sans-serif; fill: #222 } .title { font: bold 16px sans-serif } .name { font: bold 13px sans-serif }
              .grid { stroke: #ddd } .runs { fill: #f0f3f6 } .paused { fill: #d8dde3 } .leads { fill: #f2b705 }
              .holds { fill: #4c8bf5; stroke: #fff; stroke-width: .5 } .believes { fill: none; stroke: #d93025; stroke-width: 1.5; stroke-dasharray: 4 3 }
              .event { stroke: #d93025; stroke-width: 1.5 } .event-text { fill: #d93025 } .failover { fill: #f2b705; opacity: .18 }
              .in-bar { fill: #fff; font-size: 10px }
            </style>
            """;

    private final List<Event> events;
    private final List<String> processes;
    private final long begin;
    private final long end;
    private final StringBuilder svg = new StringBuilder();

    private Timeline(List<Event> events) {
        this.events = events;
        this.processes = events.stream().map(Event::process).distinct().toList();
        // Whole seconds around what happened.
        this.begin = events.stream().mapToLong(Event::millis).min().orElse(0) / SECOND * SECOND;
        this.end = (events.stream().mapToLong(Event::millis).max().orElse(0) / SECOND + 1) * SECOND;
    }

    /** The text of an SVG file. */
    static String draw(List<Event> events) {
        return new Timeline(events).draw();
    }

    private String draw() {
        int height = TOP + processes.size() * ROW + 30;
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d'>",
                LEFT + WIDTH + 40, height, LEFT + WIDTH + 40, height);
        svg.append(STYLE);
        add("<rect width='100%%' height='100%%' fill='#fff'/>");
        add("<text class='title' x='%d' y='24'>Leaders and lock holders</text>", LEFT);
        legend();
        seconds(height);
        failovers(height);
        // In the order of the kinds, so that what is behind is drawn first.
        Spans.of(events).stream().sorted(Comparator.comparing(Span::kind)).forEach(this::bar);
        for (String process : processes) {
            add("<text class='name' x='16' y='%d'>%s</text>", row(process) + JOB_LANE, process);
        }
        events.forEach(this::mark);
        svg.append("</svg>\n");
        return svg.toString();
    }

    private void legend() {
        String[][] entries = {
            {"leads", "leads in that term"},
            {"holds", "holds the lock of the job of that number"},
            {"believes", "believes so: stopped, then refused by its token"},
            {"runs", "runs"},
            {"paused", "stopped"},
        };
        double x = LEFT;
        for (String[] entry : entries) {
            add("<rect class='%s' x='%.1f' y='36' width='18' height='12'/>", entry[0], x);
            add("<text x='%.1f' y='46'>%s</text>", x + 24, entry[1]);
            x += 54 + 6 * entry[1].length();
        }
    }

    private void seconds(int height) {
        for (long second = begin / SECOND; second * SECOND <= end; second++) {
            double x = x(second * SECOND);
            add("<line class='grid' x1='%.1f' x2='%.1f' y1='%d' y2='%d'/>", x, x, TOP - 8, height - 22);
            add("<text x='%.1f' y='%d' text-anchor='middle'>%d s</text>", x, height - 8, second);
        }
    }

    /** From the kill of a leader to the next one's first word. */
    private void failovers(int height) {
        for (Event killed : events) {
            if (killed.kind() == Event.Kind.KILLED) {
                events.stream()
                        .filter(next -> next.kind() == Event.Kind.LEADS && next.token() > killed.token())
                        .findFirst()
                        .ifPresent(next -> {
                            double x = x(killed.millis());
                            double width = x(next.millis()) - x;
                            add(
                                    "<rect class='failover' x='%.1f' y='%d' width='%.1f' height='%d'/>",
                                    x, TOP - 8, width, height - TOP - 14);
                            add(
                                    "<text x='%.1f' y='%d' text-anchor='middle'>no leader: %d ms</text>",
                                    x + width / 2, TOP - 14, next.millis() - killed.millis());
                        });
            }
        }
    }

    private void bar(Span span) {
        double x = x(span.from());
        double width = Math.max(1, x(span.to()) - x);
        boolean background = span.kind() == Spans.Kind.RUNS || span.kind() == Spans.Kind.PAUSED;
        int y = row(span.process()) + (background ? 4 : span.kind() == Spans.Kind.LEADS ? LEADER_LANE : JOB_LANE);
        add(
                "<rect class='%s' x='%.1f' y='%d' width='%.1f' height='%d'><title>%s %s%s, %.3f s to %.3f s</title></rect>",
                css(span),
                x,
                y,
                width,
                background ? ROW - 12 : BAR,
                span.process(),
                css(span),
                span.job() > 0
                        ? " job " + span.job() + ", token " + span.token()
                        : span.token() > 0 ? ", term " + span.token() : "",
                span.from() / 1000.0,
                span.to() / 1000.0);
        switch (span.kind()) {
            case LEADS -> add("<text x='%.1f' y='%d'>term %d</text>", x + 4, y + 13, span.token());
            case BELIEVES -> label("event-text", span, x + width / 2, y);
            case HOLDS -> {
                if (width >= ENOUGH_FOR_LABEL) {
                    label("in-bar", span, x + width / 2, y);
                }
            }
            case RUNS, PAUSED -> {
                // The row's own name says it.
            }
        }
    }

    private void label(String style, Span span, double x, int y) {
        add("<text class='%s' text-anchor='middle' x='%.1f' y='%d'>%d</text>", style, x, y + 13, span.job());
    }

    private void mark(Event event) {
        String what = switch (event.kind()) {
            case KILLED -> "killed";
            case STOPPED -> "stopped";
            case RESUMED -> "resumed";
            case REFUSED -> "write of job " + event.job() + " refused";
            default -> "";
        };
        if (what.isEmpty()) {
            return;
        }
        double x = x(event.millis());
        int y = row(event.process());
        boolean below = event.kind() == Event.Kind.REFUSED;
        add(
                "<line class='event' x1='%.1f' x2='%.1f' y1='%d' y2='%d'><title>%.3f s: %s</title></line>",
                x, x, y + 4, y + ROW - 8, event.millis() / 1000.0, event.process() + " " + event.text());
        add("<text class='event-text' x='%.1f' y='%d'>%s</text>", x + 4, y + (below ? ROW - 14 : 16), what);
    }

    private double x(long millis) {
        return LEFT + (double) (millis - begin) * WIDTH / (end - begin);
    }

    private int row(String process) {
        return TOP + processes.indexOf(process) * ROW;
    }

    private static String css(Span span) {
        return span.kind().name().toLowerCase(Locale.ROOT);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
