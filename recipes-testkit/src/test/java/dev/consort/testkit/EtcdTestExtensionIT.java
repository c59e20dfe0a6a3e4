/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static dev.consort.testkit.EtcdTestCases.count;
import static dev.consort.testkit.EtcdTestCases.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.Client;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link EtcdTest} on the embedded server: test classes are run as a build runs them, bad ones too. */
@Isolated("the tests that it runs are blamed for every thread of the JVM")
class EtcdTestExtensionIT {
    private static final Map<String, String> PARALLEL = Map.of(
            "junit.jupiter.execution.parallel.enabled", "true",
            "junit.jupiter.execution.parallel.config.strategy", "fixed",
            "junit.jupiter.execution.parallel.config.fixed.parallelism", "2");

    private static JupiterRun leaking;

    @BeforeAll
    static void leak() {
        leaking = JupiterRun.of(EtcdTestCases.Leaking.class);
    }

    @AfterEach
    void endThreads() {
        EtcdTestCases.endThreads();
    }

    @Test
    void parameters_areInjectedEverywhere_andATidyTestPasses() {
        JupiterRun run = JupiterRun.of(Map.of(EtcdTest.PATIENCE_PROPERTY, "3000"), EtcdTestCases.Injected.class);
        assertThat(run.failed()).as(run::toString).isEmpty();
        assertThat(run.count()).isGreaterThan(8);
    }

    @Test
    void leftovers_ofEachKind_failTheTestAndAreNamed() {
        JupiterRun run = leaking;
        assertThat(run.failed())
                .as(run::toString)
                .containsExactly("client", "failing", "interrupted", "key", "lease", "thread", "watch");
        assertThat(run.failure("key"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("key(Client) left behind in EmbeddedEtcd[http://127.0.0.1:")
                .hasMessageContaining("2 keys (removed now): 0x0001, orders/count\n")
                .hasMessageContaining("delete what the test makes")
                .hasMessageContaining("mayLeave = {Leftover.KEYS}");
        assertThat(run.failure("lease"))
                .hasMessageMatching("(?s).*1 key \\(removed now\\): orders/lock \\(lease ([0-9a-f]+)\\)\n"
                        + ".*1 lease \\(removed now\\): \\1\n.*revoke it.*");
        assertThat(run.failure("watch"))
                .hasMessageContaining("1 watch: all below orders/\n")
                .hasMessageContaining("Close the watcher");
        assertThat(run.failure("thread"))
                .hasMessageContaining("1 thread: reaper-of-orders\n")
                .hasMessageContaining("Shut the executor down");
        assertThat(run.failure("interrupted")).hasMessageContaining("1 key (removed now): interrupted");
    }

    @Test
    void client_notClosed_isFoundByItsThread() {
        assertThat(leaking.failure("client")).hasMessageContaining("thread").hasMessageContaining("jetcd-pool");
    }

    @Test
    void leftovers_ofATestThatFails_areSuppressedByItsFailure() {
        Throwable failure = leaking.failure("failing");
        assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessage("the test's own");
        assertThat(failure.getSuppressed())
                .singleElement()
                .asString()
                .contains("failing(Client) left behind")
                .contains("half done");
    }

    @Test
    void leftovers_areGoneForTheNextTest() {
        assertThat(JupiterRun.of(EtcdTestCases.OneAfterTheOther.class).failed()).containsExactly("first");
    }

    @Test
    void leftovers_thatAreAllowed_failNothing() {
        JupiterRun run = JupiterRun.of(EtcdTestCases.Allowed.class);
        assertThat(run.failed()).as(run::toString).isEmpty();
    }

    @Test
    void leftovers_ofBeforeAll_failTheClassAndNotItsTests() {
        JupiterRun run = JupiterRun.of(EtcdTestCases.LeakingAsAClass.class);
        assertThat(run.failed()).as(run::toString).hasSize(1);
        assertThat(run.failure(run.failed().first()))
                .hasMessageContaining("LeakingAsAClass as a whole left behind")
                .hasMessageContaining("1 key (removed now): schema")
                .hasMessageContaining("1 thread: of-the-class");
    }

    @Test
    void instancePerClass_andNestedClassWithItsOwnServer() {
        assertThat(JupiterRun.of(EtcdTestCases.OneInstance.class).failed()).isEmpty();
    }

    @Test
    void testsAtTheSameTime_areBlamedTogether() {
        JupiterRun run = JupiterRun.of(PARALLEL, EtcdTestCases.AtTheSameTime.class);
        assertThat(run.failed()).as(run::toString).hasSize(1);
        assertThat(run.failure(run.failed().first()))
                .hasMessageContaining("AtTheSameTime, whose tests run at the same time, left behind")
                .hasMessageContaining("1 key (removed now): two\n");
    }

    @Test
    void virtualClock_isTheTestsToMove() {
        assertThat(JupiterRun.of(EtcdTestCases.TimeStandsStill.class).failed()).isEmpty();
    }

    @Test
    void server_thatDoesNotExist_isRefusedWithAReason() {
        JupiterRun secured = JupiterRun.of(EtcdTestCases.Secured.class);
        assertThat(secured.failure("EtcdTestCases$Secured"))
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageContaining("https://127.0.0.1:1");
        Map<String, String> unknown = Map.of(EtcdTest.SERVER_PROPERTY, "zookeeper");
        assertThat(JupiterRun.of(unknown, EtcdTestCases.Injected.class).failure("EtcdTestCases$Injected"))
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageContaining("consort.etcd.server must be embedded, process, container, or endpoints")
                .hasMessageContaining("'zookeeper'");
        Map<String, String> process = Map.of(EtcdTest.SERVER_PROPERTY, "process");
        assertThat(JupiterRun.of(process, EtcdTestCases.TimeStandsStill.class).failure("EtcdTestCases$TimeStandsStill"))
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageContaining("virtual clock")
                .hasMessageContaining("consort.etcd.server=process");
    }

    /** Where there is no Docker, a test that wants a container must not pass. */
    @Test
    void server_container_runsOrSaysWhyNot() {
        JupiterRun run = JupiterRun.of(EtcdTestCases.InAContainer.class);
        if (EtcdContainer.unavailable().isPresent()) {
            assertThat(run.failure("EtcdTestCases$InAContainer"))
                    .isInstanceOf(EtcdProcessException.class)
                    .hasMessageContaining("Docker does not answer");
        } else {
            assertThat(run.failed()).as(run::toString).isEmpty();
        }
    }

    @Test
    void server_given_keepsWhatItHadAndWhatIsLeft() {
        try (EmbeddedEtcd given = EmbeddedEtcd.start();
                Client client = Client.builder().endpoints(given.endpoint()).build()) {
            put(client, "here before");
            Map<String, String> property = Map.of(EtcdTest.SERVER_PROPERTY, given.endpoint());

            assertThat(JupiterRun.of(property, EtcdTestCases.Injected.class).failed())
                    .isEmpty();

            JupiterRun there = JupiterRun.of(property, EtcdTestCases.Leaking.class);
            assertThat(there.failed())
                    .containsExactly("client", "failing", "interrupted", "key", "lease", "thread", "watch");
            assertThat(there.failure("key"))
                    .hasMessageContaining("left behind in etcd at http://127.0.0.1:")
                    .hasMessageContaining("2 keys (still there): 0x0001, orders/count\n");
            assertThat(there.failure("watch")).hasMessageContaining("1 watch\n");
            assertThat(count(client, "orders/count") + count(client, "here before"))
                    .isEqualTo(2);

            JupiterRun wants = JupiterRun.of(property, EtcdTestCases.OneAfterTheOther.class);
            assertThat(wants.failure("faultsLeftOn"))
                    .isInstanceOf(ParameterResolutionException.class)
                    .hasMessageContaining("EmbeddedFaults cannot run on etcd at " + given.endpoint())
                    .hasMessageContaining("consort.etcd.server is '" + given.endpoint() + "'");
        }
    }

    @Test
    void server_given_isForOneClassAtATime() {
        try (EmbeddedEtcd given = EmbeddedEtcd.start()) {
            Map<String, String> property = Map.of(EtcdTest.SERVER_PROPERTY, given.endpoint());
            EtcdTest settings = EtcdTestCases.Stopping.class.getAnnotation(EtcdTest.class);
            try (ServerOfClass other = ServerOfClass.start(EtcdTestCases.Stopping.class, settings, given.endpoint())) {
                assertThat(other.isOurs()).isFalse();
                assertThat(JupiterRun.of(property, EtcdTestCases.Injected.class).failure("EtcdTestCases$Injected"))
                        .isInstanceOf(ExtensionConfigurationException.class)
                        .hasMessageContaining("Injected and ")
                        .hasMessageContaining("Stopping use the etcd at [" + given.endpoint() + "] at the same time");
            }
            assertThat(JupiterRun.of(property, EtcdTestCases.Injected.class).failed())
                    .isEmpty();
        }
    }

    @Test
    void server_closedByTheTest_hasNothingLeft() {
        assertThat(JupiterRun.of(EtcdTestCases.Stopping.class).failed()).isEmpty();
    }
}
