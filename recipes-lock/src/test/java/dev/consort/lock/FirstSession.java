/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** The first session of a JVM loads classes for longer than a connection may take on a busy machine. */
public final class FirstSession {
    private static final AtomicBoolean opened = new AtomicBoolean();

    private FirstSession() {}

    /** Opens and closes one, with time enough, unless that was done before. */
    public static void on(String endpoint) {
        if (!opened.compareAndSet(false, true)) {
            return;
        }
        try (Connection connection = Connection.to(endpoint)
                        .connectTimeout(Duration.ofSeconds(30))
                        .open();
                Session session = Session.builder(connection).open()) {
            if (session.remaining().isZero()) {
                throw new IllegalStateException("the first session has ended at once");
            }
        }
    }
}
