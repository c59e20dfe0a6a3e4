/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import java.util.Optional;

/**
 * Something that a process did, or that was done to it.
 *
 * @param millis when the conductor learned of it, since its start; all times are of this one clock
 * @param process whose event it is
 * @param kind what happened
 * @param job the job's number; of {@link Kind#PLANNED} how many jobs are planned; 0 if it is about no job
 * @param token the fencing token of a lock, or the term of a leadership; 0 if it is about neither
 */
record Event(long millis, String process, Kind kind, int job, long token) {
    /** What can happen. */
    enum Kind {
        STARTS("is started"),
        READY("is ready: it has a session"),
        LEADS("LEADS, term %2$d"),
        PLANNED("has planned %1$d jobs"),
        HOLDS("holds job %1$d, token %2$d"),
        WRITES("has written the result of job %1$d"),
        REFUSED("REFUSED: its late write of job %1$d, token %2$d, changed no row"),
        LOSES("learns that it has lost the lock of job %1$d, token %2$d"),
        DEPOSED("learns that it leads no more, term %2$d"),
        KILLED("is KILLED (SIGKILL) while it leads"),
        STOPPED("is STOPPED (SIGSTOP) while it holds job %1$d and no statement of it is open"),
        RESUMED("goes on (SIGCONT); it still believes that it holds job %1$d"),
        ENDS("has ended");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    private static final String MARK = "@";

    /** One line for the reader. */
    String describe() {
        return "%7.3f s  %-4s %s".formatted(millis / 1000.0, process, text());
    }

    /** What happened, in words. */
    String text() {
        return kind.text.formatted(job, token);
    }

    /** What a worker prints for the conductor to read. */
    static String line(Kind kind, int job, long token) {
        return MARK + " " + kind + " " + job + " " + token;
    }

    /** Reads what {@link #line} made; empty if it is something else. */
    static Optional<Event> parse(long millis, String process, String line) {
        String[] part = line.split(" ", -1);
        if (part.length != 4 || !part[0].equals(MARK)) {
            return Optional.empty();
        }
        return Optional.of(
                new Event(millis, process, Kind.valueOf(part[1]), Integer.parseInt(part[2]), Long.parseLong(part[3])));
    }
}
