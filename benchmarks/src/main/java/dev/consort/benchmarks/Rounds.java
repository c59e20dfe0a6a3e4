/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The contenders of a work in turn, A B C B C A, so that each has the same machine as the others, and none always follows the same one:
 * first to warm up, then the rounds that count. All of them are open all the time; those that are not at work renew their leases and no more.
 *
 * @param count rounds that count, odd, so that there is one in the middle
 * @param warmUp what each contender does before its first round, several times, until it does not become faster any more: the compiler needs
 *     longer for some than for others
 * @param window what is measured of each contender in each round
 */
record Rounds(int count, Duration warmUp, Duration window) {
    private static final int LEAST_WARM_UPS = 3;
    private static final int MOST_WARM_UPS = 12;
    private static final int NO_FASTER = 2; // times in a row
    private static final double FASTER = 1.05;

    /** One that takes part, with what it has done so far. */
    private record Seat(String name, Contender contender, List<Sample> samples) {}

    /** Only warms up, since works have much of their code in common: else the first ones that count would be slower than the last ones. */
    void warmUp(Comparison comparison, Servers servers) throws InterruptedException {
        var unused = new Rounds(0, warmUp, window).run(comparison, servers);
    }

    /** Runs a work on the servers that there are. */
    Map<String, List<Sample>> run(Comparison comparison, Servers servers) throws InterruptedException {
        List<Seat> seats = new ArrayList<>();
        try {
            for (Entry entry : comparison.entries()) {
                servers.endpoint(entry.server()).ifPresent(endpoint -> {
                    String key = "bench/" + comparison.name() + "/" + seats.size();
                    seats.add(new Seat(entry.name(), entry.opening().open(endpoint, key), new ArrayList<>()));
                });
            }
            for (Seat seat : seats) {
                warmUp(seat);
            }
            List<Seat> order = new ArrayList<>(seats);
            for (int round = 0; round < count; round++) {
                Collections.rotate(order, -1);
                for (Seat seat : order) {
                    seat.samples.add(Round.run(seat.name, seat.contender, window.dividedBy(4), window));
                }
            }
        } finally {
            seats.forEach(seat -> seat.contender.close());
        }
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        seats.forEach(seat -> samples.put(seat.name, seat.samples));
        return samples;
    }

    private void warmUp(Seat seat) throws InterruptedException {
        double best = 0;
        int noFaster = 0;
        for (int i = 0; i < LEAST_WARM_UPS || (noFaster < NO_FASTER && i < MOST_WARM_UPS); i++) {
            double rate =
                    Round.run(seat.name, seat.contender, Duration.ZERO, warmUp).rate();
            noFaster = rate > best * FASTER ? 0 : noFaster + 1;
            best = Math.max(best, rate);
        }
    }
}
