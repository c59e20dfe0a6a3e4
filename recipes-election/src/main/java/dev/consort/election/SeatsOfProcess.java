/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.internal.EtcdConnection;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The ids under which this process is a member by some connection: a key's lease says whose it is, and all of a session have
 * one lease. Thread-safe.
 */
final class SeatsOfProcess {
    private static final ConcurrentMap<Place, EtcdSeat> taken = new ConcurrentHashMap<>();

    private SeatsOfProcess() {}

    /** Where there can be one. */
    record Place(EtcdConnection connection, String key) {}

    /**
     * Takes a place, which is left when the seat ends.
     *
     * @return what is left of the timeout
     * @throws MemberIdInUseException if another seat of this process has it when the time is over
     */
    static Duration take(Place place, EtcdSeat seat, Duration timeout) throws InterruptedException {
        Duration left = timeout.compareTo(EtcdSeat.FOREVER) < 0 ? timeout : EtcdSeat.FOREVER;
        long until = System.nanoTime() + left.toNanos();
        EtcdSeat other;
        while ((other = taken.putIfAbsent(place, seat)) != null) {
            if (!other.awaitOver(left)) {
                throw new MemberIdInUseException(
                        place.key(), "this process is a member under this id already: " + other.state(), null);
            }
            left = Duration.ofNanos(until - System.nanoTime());
        }
        seat.whenOver(() -> taken.remove(place, seat));
        return left;
    }
}
