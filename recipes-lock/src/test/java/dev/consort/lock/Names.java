/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** Names for tests, whatever their server. Also has Awaitility look more often. */
final class Names {
    private static final AtomicInteger names = new AtomicInteger();

    static {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private Names() {}

    /** A name that no other test uses, nor nests with. */
    static String fresh() {
        return "name-" + names.incrementAndGet();
    }
}
