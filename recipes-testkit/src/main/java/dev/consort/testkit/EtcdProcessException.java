/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import org.jspecify.annotations.Nullable;

/**
 * An etcd process or container, or an {@code etcdctl} command, could not be started, did not answer in time or failed. The message
 * carries what the process last said.
 */
public final class EtcdProcessException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EtcdProcessException(String message) {
        this(message, null);
    }

    EtcdProcessException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
