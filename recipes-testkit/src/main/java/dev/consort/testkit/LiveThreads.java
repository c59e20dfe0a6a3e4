/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinWorkerThread;

/** The threads of this JVM, and which of them a test can be blamed for. */
final class LiveThreads {
    /** Pools that the whole JVM shares, or that end by themselves some time after their last user. */
    private static final List<String> SHARED = List.of(
            "consort-testkit-",
            "embedded-etcd-",
            // JUnit, and what runs it
            "junit-",
            "surefire-",
            "jqwik",
            "Test worker",
            // Testcontainers
            "testcontainers-",
            "ducttape-",
            "docker-java-",
            // gRPC and Vert.x beneath jetcd: they outlive clients by seconds; and Failsafe, whose thread comes with the
            // JVM's first retry
            "FailsafeDelayScheduler",
            "grpc-",
            "vert.x-",
            "vertx-",
            "globalEventExecutor-",
            // the JDK
            "ForkJoinPool.commonPool-",
            "CompletableFutureDelayScheduler",
            "Common-Cleaner",
            "Cleaner-",
            "process reaper",
            "Keep-Alive-",
            "HttpClient-",
            "Attach Listener",
            "JNA Cleaner",
            "RMI ",
            "JMX ",
            "GC Daemon");

    private LiveThreads() {}

    /** All that are alive now. */
    static Set<Thread> now() {
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] found = new Thread[root.activeCount() + 16];
        int count = root.enumerate(found, true);
        while (count == found.length) { // what does not fit is left out without a word
            found = new Thread[2 * found.length];
            count = root.enumerate(found, true);
        }
        Set<Thread> threads = Collections.newSetFromMap(new IdentityHashMap<>());
        threads.addAll(Arrays.asList(found).subList(0, count));
        return threads;
    }

    /**
     * Those that have come since and belong to nobody else, in the order of their names.
     *
     * @param shared how names begin that are not blamed either
     */
    static List<Thread> since(Set<Thread> before, List<String> shared) {
        return now().stream()
                .filter(thread -> !before.contains(thread) && thread.isAlive())
                .filter(thread -> thread != Thread.currentThread() && !isOfOurPool(thread))
                .filter(thread -> SHARED.stream().noneMatch(thread.getName()::startsWith))
                .filter(thread -> shared.stream().noneMatch(thread.getName()::startsWith))
                .sorted((a, b) -> a.getName().compareTo(b.getName()))
                .toList();
    }

    /** Whether it runs tests as this one does, where JUnit has a pool. */
    private static boolean isOfOurPool(Thread thread) {
        return Thread.currentThread() instanceof ForkJoinWorkerThread ours
                && thread instanceof ForkJoinWorkerThread theirs
                && theirs.getPool() == ours.getPool();
    }
}
