/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * What this JVM has used up to a moment: processor time, and bytes allocated by the threads that are alive. A thread that ends
 * takes its bytes along, so what is measured must be done by threads that stay.
 */
public final class Usage {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final long cpuNanos;
    private final Map<Long, Long> bytesByThread;

    private Usage(long cpuNanos, Map<Long, Long> bytesByThread) {
        this.cpuNanos = cpuNanos;
        this.bytesByThread = bytesByThread;
    }

    public static Usage now() {
        long[] ids = THREADS.getAllThreadIds();
        long[] bytes = THREADS.getThreadAllocatedBytes(ids);
        Map<Long, Long> byThread = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            if (bytes[i] >= 0) { // it has not ended in between
                byThread.put(ids[i], bytes[i]);
            }
        }
        return new Usage(PROCESS.getProcessCpuTime(), byThread);
    }

    /** Of all threads of this JVM. */
    public long cpuNanosSince(Usage earlier) {
        return cpuNanos - earlier.cpuNanos;
    }

    /** Of all threads but the calling one, which measures. */
    public long bytesSince(Usage earlier) {
        long self = Thread.currentThread().getId();
        return bytesByThread.entrySet().stream()
                .filter(entry -> entry.getKey() != self)
                .mapToLong(entry -> entry.getValue() - earlier.bytesByThread.getOrDefault(entry.getKey(), 0L))
                .sum();
    }
}
