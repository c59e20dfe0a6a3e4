/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.testkit.EtcdProcess;

/** The single server that all tests of this JVM share; tests keep out of each other's way by names of their own. */
public final class SharedEtcd {
    private static final EtcdProcess SERVER =
            EtcdProcess.builder().unsafeNoFsync().start();
    private static final Operator OPERATOR = new Operator(SERVER.endpoints());

    private SharedEtcd() {}

    public static EtcdProcess server() {
        return SERVER;
    }

    static Operator operator() {
        return OPERATOR;
    }
}
