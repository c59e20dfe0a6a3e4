/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Two processes of a property, and the threads of those who use them at once. */
final class Seats {
    private final List<Party> parties = List.of(
            Server.embedded().join(Duration.ofMinutes(10)), Server.embedded().join(Duration.ofMinutes(10)));
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Seats() {
        parties.forEach(Party::session);
    }

    Party at(int number) {
        return parties.get(number);
    }

    /** Runs them all, and fails as one of them did. */
    void atOnce(List<Runnable> clients) {
        clients.stream()
                .map(client -> CompletableFuture.runAsync(client, threads))
                .toList()
                .forEach(CompletableFuture::join);
    }

    /** No more trouble. */
    void heal() {
        parties.forEach(party -> party.faults.clear());
    }

    void close() {
        threads.shutdownNow();
        parties.forEach(Party::close);
    }
}
