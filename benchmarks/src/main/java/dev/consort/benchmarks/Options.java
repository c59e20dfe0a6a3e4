/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run is asked for.
 *
 * @param works those that are run, all if empty
 * @param rounds of each contender
 * @param warmUp before the first of them, several times
 * @param window of each round
 * @param quick whether it only shows that everything works
 * @param runs false to write the report of what earlier runs have measured
 */
record Options(List<String> works, int rounds, Duration warmUp, Duration window, boolean quick, boolean runs) {
    private static final int ROUNDS = 5;
    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration WINDOW = Duration.ofSeconds(1);
    private static final Duration GLIMPSE = Duration.ofMillis(100);

    /**
     * Reads the arguments.
     *
     * @throws IllegalArgumentException saying which one is wrong
     */
    static Options of(String... arguments) {
        Deque<String> left = new ArrayDeque<>(List.of(arguments));
        List<String> works = new ArrayList<>();
        int rounds = ROUNDS;
        Duration window = WINDOW;
        boolean quick = false;
        boolean runs = true;
        while (!left.isEmpty()) {
            String argument = left.remove();
            switch (argument) {
                case "--rounds" -> rounds = positive(argument, left.poll());
                case "--seconds" -> window = Duration.ofSeconds(positive(argument, left.poll()));
                case "--quick" -> quick = true;
                case "--report" -> runs = false;
                default -> works.add(work(argument));
            }
        }
        return quick
                ? new Options(works, 1, GLIMPSE, GLIMPSE, true, runs)
                : new Options(works, rounds, WARM_UP, window, false, runs);
    }

    private static String work(String argument) {
        if (argument.startsWith("-")) {
            throw new IllegalArgumentException("there is no option '" + argument + "'");
        }
        return argument;
    }

    private static int positive(String argument, @Nullable String text) {
        if (text == null || !text.matches("[1-9][0-9]{0,3}")) {
            throw new IllegalArgumentException(argument + " takes a number from 1, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
