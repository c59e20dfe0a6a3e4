/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a run is made on. */
final class Machine {
    private Machine() {}

    static List<String> lines(Servers servers, Rounds rounds) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return List.of(
                "Machine: " + Runtime.getRuntime().availableProcessors() + " cores of " + processor() + ", "
                        + (system.getTotalMemorySize() >> 30) + " GiB, " + System.getProperty("os.name"),
                "JVM: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
                "etcd " + servers.etcdVersion() + ", one member, with fsync; ZooKeeper in the JVM of the benchmarks; "
                        + (servers.endpoint(Entry.Server.REDIS).isPresent()
                                ? "Redis with `appendfsync always`"
                                : "no Redis"),
                rounds.count() + " rounds of " + rounds.window().toMillis() / 1e3 + " s of each contender in turn");
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.replaceFirst(".*: *", ""))
                    .findFirst()
                    .orElse("an unknown kind");
        } catch (IOException e) {
            return System.getProperty("os.arch"); // there is no such file elsewhere
        }
    }
}
