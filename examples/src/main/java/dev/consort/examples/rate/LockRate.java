/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.rate;

import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How many pairs of lock and unlock a second a mutex makes, beside etcd's own Lock service through jetcd, on one etcd and
 * in one run: rounds of the two in turn, the first round thrown away, medians of the rest. Trust the ratios, not the
 * rates.
 *
 * <p>Arguments: {@code [endpoint [rounds [milliseconds]]]}; starts an etcd of its own without an endpoint, or with "-".
 */
public final class LockRate {
    private LockRate() {}

    /**
     * Prints a table.
     *
     * @param args see above
     * @throws InterruptedException if interrupted
     */
    public static void main(String[] args) throws InterruptedException {
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        Duration each = Duration.ofMillis(args.length > 2 ? Long.parseLong(args[2]) : 2000);
        if (args.length > 0 && !args[0].equals("-")) {
            table(args[0], rounds, each);
            return;
        }
        try (EtcdProcess etcd = EtcdProcess.start()) {
            System.out.println("etcd " + etcd.version());
            table(etcd.endpoints().get(0), rounds, each);
        }
    }

    private static void table(String endpoint, int rounds, Duration each) throws InterruptedException {
        System.out.println("contenders               mutex/s   Lock RPC/s   ratio   ratios of the rounds");
        for (int sessions : new int[] {1, 2, 8, 64}) {
            compare(
                    sessions + " sessions",
                    new MutexLoad(endpoint, sessions, 1),
                    new LockRpcLoad(endpoint, sessions),
                    rounds,
                    each);
        }
        compare("64 threads, 1 session", new MutexLoad(endpoint, 1, 64), new LockRpcLoad(endpoint, 64), rounds, each);
    }

    private static void compare(String what, Load ours, Load theirs, int rounds, Duration each)
            throws InterruptedException {
        double[] mine = new double[rounds];
        double[] rpc = new double[rounds];
        List<String> ratios = new ArrayList<>();
        for (int round = -1; round < rounds; round++) {
            double a = ours.pairsPerSecond(each);
            double b = theirs.pairsPerSecond(each);
            if (round >= 0) {
                mine[round] = a;
                rpc[round] = b;
                ratios.add(String.format(Locale.ROOT, "%.1f", a / b));
            }
        }
        double a = median(mine);
        double b = median(rpc);
        System.out.printf(Locale.ROOT, "%-22s %9.0f %12.0f %7.1f   %s%n", what, a, b, a / b, String.join(" ", ratios));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
