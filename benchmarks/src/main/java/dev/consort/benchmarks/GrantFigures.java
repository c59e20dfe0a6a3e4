/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import dev.consort.testkit.CallLog;
import io.etcd.jetcd.Client;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** What one process pays for many grants, and for many that wait: renewals and heap. */
final class GrantFigures {
    private static final Duration TTL = Duration.ofSeconds(3);
    private static final int AT_ONCE = 200;
    private static final long BYTES_OF_A_GRANT = 1_024;
    private static final long BYTES_OF_A_WAITER = 2_048;

    private final CallLog log;
    private final Session session;
    private final int count;
    private final Duration window;
    private final List<Figure> figures = new ArrayList<>();

    private GrantFigures(CallLog log, Session session, int count, Duration window) {
        this.log = log;
        this.session = session;
        this.count = count;
        this.window = window;
    }

    /** Measures with so many grants and waiters, and renewals during a window. */
    static List<Figure> measure(String endpoint, int count, Duration window) throws InterruptedException {
        CallLog log = CallLog.create();
        try (Client client = Client.builder()
                        .endpoints(endpoint)
                        .keepaliveWithoutCalls(false)
                        .interceptor(log)
                        .build();
                Session session =
                        Session.builder(Connection.of(client)).ttl(TTL).open()) {
            GrantFigures measuring = new GrantFigures(log, session, count, window);
            measuring.grants();
            measuring.waiters();
            return measuring.figures;
        }
    }

    private void grants() throws InterruptedException {
        List<Grant> some = acquireAll(AT_ONCE, i -> "bench/grants/first/" + i); // loads all classes
        long alone = renewals();
        long before = usedHeap();
        List<Grant> held = acquireAll(count, i -> "bench/grants/" + i);
        long bytes = (usedHeap() - before) / count;
        figures.add(new Figure(number("renewals in %s with %,d grants held", count), renewals(), alone + 1));
        figures.add(new Figure("bytes of heap of a held grant", bytes, BYTES_OF_A_GRANT));
        Must.hold(held.stream().allMatch(Grant::isHeld) && some.stream().allMatch(Grant::isHeld), "a grant was lost");
    }

    private String number(String format, int number) {
        return String.format(Locale.ROOT, format, window.toSeconds() + " s", number);
    }

    private List<Grant> acquireAll(int grants, IntFunction<String> name) {
        List<Grant> held = new ArrayList<>();
        for (int from = 0; from < grants; from += AT_ONCE) {
            List<CompletableFuture<Grant>> batch = new ArrayList<>();
            for (int i = from; i < Math.min(grants, from + AT_ONCE); i++) {
                batch.add(Mutex.create(session, name.apply(i)).acquireAsync());
            }
            batch.forEach(grant -> held.add(Must.answer(grant)));
        }
        return held;
    }

    /** Sent in the window. */
    private long renewals() throws InterruptedException {
        long before = log.counts().messagesSent("Lease/LeaseKeepAlive");
        boolean never = new CountDownLatch(1).await(window.toMillis(), TimeUnit.MILLISECONDS);
        Must.hold(!never, "woken");
        return log.counts().messagesSent("Lease/LeaseKeepAlive") - before;
    }

    private void waiters() throws InterruptedException {
        Mutex mutex = Mutex.create(session, "bench/waiters");
        Grant holder = mutex.acquire();
        List<CompletableFuture<Grant>> waiting = new ArrayList<>(count);
        for (int i = 0; i < AT_ONCE; i++) {
            waiting.add(mutex.acquireAsync());
        }
        long before = usedHeap();
        for (int i = 0; i < count; i++) {
            waiting.add(mutex.acquireAsync());
        }
        long bytes = (usedHeap() - before) / count;
        figures.add(new Figure("bytes of heap of a waiter in a process", bytes, BYTES_OF_A_WAITER));
        Must.hold(holder.release(), "the lock was lost");
        for (CompletableFuture<Grant> next : waiting) {
            Must.hold(Must.answer(next).release(), "the lock was lost");
        }
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) { // what one collection has made unreachable, the next one finds
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
