/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.benchmarks.Entry.Server;
import dev.consort.benchmarks.goconcurrency.GoMutex;
import dev.consort.benchmarks.ours.MutexLock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/** Works that tell how a lock's cost grows with what else is in etcd. */
final class GrowthWorks {
    static final String LOCKS = "other-locks";
    static final String CLAIMS = "other-claims";

    private static final int[] COUNTS = {10, 100, 1_000, 10_000};
    private static final String OURS = "Mutex";
    private static final String GO = "Go's algorithm";

    private GrowthWorks() {}

    static List<Comparison> all() {
        List<Comparison> works = new ArrayList<>();
        for (int count : COUNTS) {
            works.add(new Comparison(
                            LOCKS + "-" + count,
                            String.format(Locale.ROOT, "lock and unlock, with %,d other locks held", count),
                            List.of(amongLocks(OURS, count, MutexLock::new), amongLocks(GO, count, GoMutex::new)),
                            List.of())
                    .at(LOCKS, count));
        }
        for (int count : COUNTS) {
            works.add(new Comparison(
                            CLAIMS + "-" + count,
                            String.format(
                                    Locale.ROOT, "an attempt to lock that fails, with %,d claims of the lock", count),
                            List.of(
                                    behindClaims(OURS, count, (endpoint, name) -> {
                                        MutexLock lock = new MutexLock(endpoint, name);
                                        return new Attempts(lock::attempt, lock::close);
                                    }),
                                    behindClaims(GO, count, (endpoint, name) -> {
                                        GoMutex lock = new GoMutex(endpoint, name);
                                        return new Attempts(lock::attempt, lock::close);
                                    })),
                            List.of())
                    .at(CLAIMS, count));
        }
        return works;
    }

    private static Entry amongLocks(String contender, int count, BiFunction<String, String, Locker> locker) {
        return new Entry(
                contender,
                Server.ETCD,
                (endpoint, name) -> Crowd.of(
                        endpoint,
                        count,
                        i -> name + "/others/" + i + "/1",
                        () -> LockContender.onOneName(1, () -> locker.apply(endpoint, name + "/mine"))));
    }

    private static Entry behindClaims(String contender, int count, BiFunction<String, String, Contender> attempts) {
        return new Entry(
                contender,
                Server.ETCD,
                (endpoint, name) -> Crowd.of(
                        endpoint,
                        count,
                        i -> name + "/" + Integer.toHexString(i + 1),
                        () -> attempts.apply(endpoint, name)));
    }
}
