/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link EtcdTest} on a real etcd. */
@Isolated("the tests that it runs are blamed for every thread of the JVM")
class EtcdTestIT {
    private static final Map<String, String> PROCESS = Map.of(EtcdTest.SERVER_PROPERTY, "process");

    @AfterEach
    void endThreads() {
        EtcdTestCases.endThreads();
    }

    @Test
    void tidyTests_pass() {
        Map<String, String> patient = Map.of(EtcdTest.SERVER_PROPERTY, "process", EtcdTest.PATIENCE_PROPERTY, "3000");
        JupiterRun run = JupiterRun.of(patient, EtcdTestCases.Injected.class);
        assertThat(run.failed()).as(run::toString).isEmpty();
    }

    @Test
    void leftovers_ofEachKind_failTheTestAndAreNamed() {
        JupiterRun run = JupiterRun.of(PROCESS, EtcdTestCases.Leaking.class);
        assertThat(run.failed())
                .as(run::toString)
                .containsExactly("client", "failing", "interrupted", "key", "lease", "thread", "watch");
        assertThat(run.failure("key"))
                .hasMessageContaining("key(Client) left behind in EtcdProcess[")
                .hasMessageContaining("2 keys (removed now): 0x0001, orders/count\n");
        assertThat(run.failure("lease"))
                .hasMessageMatching("(?s).*1 key \\(removed now\\): orders/lock \\(lease ([0-9a-f]+)\\)\n"
                        + ".*1 lease \\(removed now\\): \\1\n.*");
        assertThat(run.failure("watch")).hasMessageContaining("1 watch\n");
    }

    @Test
    void annotation_choosesTheProcess_andAServerThatIsDownIsSaid() {
        JupiterRun run = JupiterRun.of(EtcdTestCases.OnAProcess.class);
        assertThat(run.failed())
                .as(run::toString)
                .contains("first", "embeddedOnly", "killing")
                .doesNotContain("second");
        assertThat(run.failure("embeddedOnly"))
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessageContaining("EmbeddedEtcd cannot run on EtcdProcess[")
                .hasMessageContaining("consort.etcd.server is not set");
        assertThat(run.failure("killing"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("cannot see what killing(EtcdProcess) left behind in EtcdProcess[")
                .hasMessageContaining("start again what the test stops")
                .hasStackTraceContaining("answers");
    }
}
