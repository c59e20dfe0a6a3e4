/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.time.Duration;
import java.util.Optional;

/**
 * What is in a work queue, at one moment.
 *
 * @param depth items that are not acknowledged, those in flight and resting included
 * @param inFlight items that consumers have
 * @param resting items that were given back, to be delivered later
 * @param deadLetters items that are not delivered any more
 * @param oldest since when the first item has been in the queue, by the clocks of whoever offered it and of this process; empty if
 *     there is none
 */
public record WorkQueueState(long depth, long inFlight, long resting, long deadLetters, Optional<Duration> oldest) {}
