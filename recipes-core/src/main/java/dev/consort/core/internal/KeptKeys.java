/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The keys that this process keeps by some connection: a key's lease says whose it is, and all of a session have one lease. Thread-safe.
 */
final class KeptKeys {
    private static final ConcurrentMap<Place, KeptKey> taken = new ConcurrentHashMap<>();

    private KeptKeys() {}

    /** Where there can be one. */
    record Place(EtcdConnection connection, String key) {}

    /**
     * Takes a place, which is left when what is kept there ends.
     *
     * @return what is left of the timeout
     * @throws RecipeException if another one of this process has it when the time is over
     */
    static Duration take(Place place, KeptKey kept, Duration timeout) throws InterruptedException {
        Duration left = timeout.compareTo(KeptKey.FOREVER) < 0 ? timeout : KeptKey.FOREVER;
        long until = System.nanoTime() + left.toNanos();
        KeptKey other;
        while ((other = taken.putIfAbsent(place, kept)) != null) {
            if (!other.awaitOver(left)) {
                throw kept.terms().usedHere(other.state());
            }
            left = Duration.ofNanos(until - System.nanoTime());
        }
        kept.whenOver(() -> taken.remove(place, kept));
        return left;
    }
}
