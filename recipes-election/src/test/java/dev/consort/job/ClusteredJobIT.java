/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.EtcdServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class ClusteredJobIT extends ClusteredJobContract {
    private static EtcdServer etcd;

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @Override
    EtcdServer server() {
        return etcd;
    }
}
