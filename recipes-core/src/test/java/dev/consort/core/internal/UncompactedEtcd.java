/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.testkit.EtcdProcess;

/**
 * A second server for the tests of a JVM that a compaction would disturb: a view that is being opened just then is right
 * to read again, which is not what they are about.
 */
final class UncompactedEtcd {
    private static final EtcdProcess SERVER =
            EtcdProcess.builder().unsafeNoFsync().start();
    private static final Operator OPERATOR = new Operator(SERVER.endpoints());

    private UncompactedEtcd() {}

    static EtcdProcess server() {
        return SERVER;
    }

    static Operator operator() {
        return OPERATOR;
    }
}
