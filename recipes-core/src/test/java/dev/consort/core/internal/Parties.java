/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The parties of one test, closed at its end in reverse order. Confined to the test's thread. */
final class Parties implements AfterEachCallback {
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    /** A party with the defaults on the shared server. */
    Party join() {
        return join(settings -> settings);
    }

    /** A party on the shared server. */
    Party join(UnaryOperator<Party.Settings> change) {
        return join(SharedEtcd.server().endpoints(), change);
    }

    Party join(List<String> endpoints, UnaryOperator<Party.Settings> change) {
        return closing(Party.join(change.apply(Party.Settings.of(endpoints))));
    }

    /** Something else to be closed at the end of the test. */
    <T extends AutoCloseable> T closing(T opened) {
        open.push(opened);
        return opened;
    }

    /** A name that no other test uses. */
    static String name() {
        return "test/" + NAMES.incrementAndGet();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
