/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Opens and closes many clients at once: each of them mostly waits for its server. */
public final class Together {
    private static final int AT_ONCE = 16;

    private Together() {}

    /** Makes so many, in order. */
    public static <T> List<T> open(int count, IntFunction<T> each) {
        return all(IntStream.range(0, count)
                .<Callable<T>>mapToObj(i -> () -> each.apply(i))
                .toList());
    }

    /** Closes all of them; fails if one of them does. */
    public static void close(Collection<? extends AutoCloseable> opened) {
        var unused = all(opened.stream()
                .<Callable<Boolean>>map(one -> () -> {
                    one.close();
                    return true;
                })
                .toList());
    }

    private static <T> List<T> all(List<Callable<T>> calls) {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<T>> futures = calls.stream().map(threads::submit).toList();
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(Must.answer(future));
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }
}
