/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(20)
@Isolated("looks at the threads of the whole JVM")
class EmbeddedEtcdCloseIT {
    @Test
    void close_leavesNoThread_andStartIsQuick() {
        EmbeddedEtcd etcd = EmbeddedEtcd.builder().virtualClock().start();
        EmbeddedEtcd.start().close();
        long before = System.nanoTime();
        EmbeddedEtcd another = EmbeddedEtcd.builder().members(2).start();
        Duration took = Duration.ofNanos(System.nanoTime() - before);
        var unused = another.channel();
        long running = threads();

        another.close();
        another.close();

        assertThat(threads()).isLessThan(running);
        assertThat(took).isLessThan(Duration.ofSeconds(2));
        etcd.close();
        assertThat(threads()).isZero();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("embedded-etcd"))
                .filter(Thread::isAlive)
                .count();
    }
}
