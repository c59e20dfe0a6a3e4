/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** How people who look into etcd recognize this process. */
public final class ThisProcess {
    private static final String TEXT =
            "host=" + hostName() + " pid=" + ProcessHandle.current().pid();

    private ThisProcess() {}

    /** In the form {@code host=web-1 pid=4711}. */
    public static String text() {
        return TEXT;
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
