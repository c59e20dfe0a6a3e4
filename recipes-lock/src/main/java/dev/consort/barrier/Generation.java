/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A generation of a cyclic barrier, as its durable key says it:
 * {@code generation=8 parties=2 state=tripped members=694d-1,694e-4}. Immutable.
 *
 * @param members in the order in which they came: those of the generation before if that was tripped, of this one while
 *     its action runs; of a broken one that for whose sake it was broken, and of
 *     one after a reset that by whom; else empty
 * @param why it is broken; else empty
 */
record Generation(long number, int parties, Phase phase, List<String> members, String why) {
    private static final Pattern LAYOUT = Pattern.compile(
            "generation=(\\d{1,18}) parties=(\\d{1,9}) state=(new|tripped|reset|running|broken) members=(\\S*)(?: why=(.*))?",
            Pattern.DOTALL);

    /**
     * What a generation is, and how the one before ended. NEW, TRIPPED and RESET to RUNNING where there is an action, to
     * TRIPPED of the next one where there is none; RUNNING to TRIPPED of the next one; all of them to BROKEN and to RESET of
     * the next one, and BROKEN to that only.
     */
    enum Phase {
        /** Open; the first one. */
        NEW,
        /** Open; the one before was tripped. */
        TRIPPED,
        /** Open; the one before was reset. */
        RESET,
        /** All have come, and the last of them runs the action. */
        RUNNING,
        /** Until it is reset. */
        BROKEN
    }

    static Generation first(int parties) {
        return new Generation(1, parties, Phase.NEW, List.of(), "");
    }

    Generation tripped(List<String> by) {
        return new Generation(number + 1, parties, Phase.TRIPPED, by, "");
    }

    Generation running(List<String> by) {
        return new Generation(number, parties, Phase.RUNNING, by, "");
    }

    Generation reset(String by) {
        return new Generation(number + 1, parties, Phase.RESET, List.of(by), "");
    }

    Generation broken(String by, String because) {
        return new Generation(number, parties, Phase.BROKEN, List.of(by), because);
    }

    boolean isOpen() {
        return phase != Phase.RUNNING && phase != Phase.BROKEN;
    }

    /** Whether this one is running its action. */
    boolean isRunner(String id) {
        return phase == Phase.RUNNING && members.get(members.size() - 1).equals(id);
    }

    String runner() {
        return members.get(members.size() - 1);
    }

    String text() {
        return "generation=" + number + " parties=" + parties + " state="
                + phase.name().toLowerCase(Locale.ROOT) + " members=" + String.join(",", members)
                + (why.isEmpty() ? "" : " why=" + why);
    }

    /** Empty if the text is anything else. */
    static Optional<Generation> read(String text) {
        Matcher matcher = LAYOUT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Phase phase = Phase.valueOf(matcher.group(3).toUpperCase(Locale.ROOT));
        List<String> members = matcher.group(4).isEmpty()
                ? List.of()
                : List.of(matcher.group(4).split(",", -1));
        if (phase == Phase.RUNNING && members.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Generation(
                Long.parseLong(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                phase,
                members,
                matcher.group(5) == null ? "" : matcher.group(5)));
    }
}
