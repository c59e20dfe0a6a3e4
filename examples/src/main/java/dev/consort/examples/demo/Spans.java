/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns events, which are points in time, into stretches of it: who led, held and stood still from when to when. */
final class Spans {
    /** What lasts. */
    enum Kind {
        RUNS,
        PAUSED,
        LEADS,
        HOLDS,
        /** From the stop of a holder to the refusal of its write: it holds nothing, and cannot know. */
        BELIEVES
    }

    /**
     * A stretch of time.
     *
     * @param process whose
     * @param kind what lasted
     * @param job the job's number, or 0
     * @param token the token or term, or 0
     * @param from milliseconds since the start
     * @param to milliseconds since the start
     */
    record Span(String process, Kind kind, int job, long token, long from, long to) {}

    private record Key(String process, Kind kind) {}

    private final Map<Key, Event> open = new HashMap<>();
    private final List<Span> spans = new ArrayList<>();

    private Spans() {}

    /** The spans of a run, those that are still open at its end included. */
    static List<Span> of(List<Event> events) {
        Spans spans = new Spans();
        events.forEach(spans::add);
        if (!events.isEmpty()) {
            long end = events.get(events.size() - 1).millis();
            events.stream().map(Event::process).distinct().forEach(process -> spans.endAll(process, end));
        }
        return List.copyOf(spans.spans);
    }

    private void add(Event event) {
        switch (event.kind()) {
            case STARTS -> begin(Kind.RUNS, event);
            case LEADS -> {
                // Whoever led before, and was not told between two runs, leads no more.
                List.copyOf(open.keySet()).stream()
                        .filter(key -> key.kind() == Kind.LEADS)
                        .forEach(key -> end(Kind.LEADS, key.process(), event.millis()));
                begin(Kind.LEADS, event);
            }
            case HOLDS -> begin(Kind.HOLDS, event);
            case STOPPED -> {
                end(Kind.HOLDS, event.process(), event.millis());
                begin(Kind.PAUSED, event);
                begin(Kind.BELIEVES, event);
            }
            case RESUMED -> end(Kind.PAUSED, event.process(), event.millis());
            case WRITES -> end(Kind.HOLDS, event.process(), event.millis());
            case REFUSED -> {
                end(Kind.HOLDS, event.process(), event.millis());
                end(Kind.BELIEVES, event.process(), event.millis());
            }
            case DEPOSED -> end(Kind.LEADS, event.process(), event.millis());
            case KILLED, ENDS -> endAll(event.process(), event.millis());
            case READY, PLANNED, LOSES -> {
                // Points only.
            }
        }
    }

    private void begin(Kind kind, Event event) {
        open.put(new Key(event.process(), kind), event);
    }

    private void end(Kind kind, String process, long to) {
        Event from = open.remove(new Key(process, kind));
        if (from != null) {
            spans.add(new Span(process, kind, from.job(), from.token(), from.millis(), to));
        }
    }

    private void endAll(String process, long to) {
        for (Kind kind : Kind.values()) {
            end(kind, process, to);
        }
    }
}
