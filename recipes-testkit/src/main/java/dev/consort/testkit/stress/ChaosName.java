/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Ownership;
import java.util.concurrent.atomic.AtomicLong;

/** What is owned in turn. Threadsafe. */
final class ChaosName {
    private final String key;
    private final String register;
    private final History<Ownership> history = new History<>();
    private final AtomicLong grants = new AtomicLong();

    ChaosName(String key, String register) {
        this.key = key;
        this.register = register;
    }

    String key() {
        return key;
    }

    String register() {
        return register;
    }

    History<Ownership> history() {
        return history;
    }

    void granted() {
        grants.incrementAndGet();
    }

    long grants() {
        return grants.get();
    }
}
