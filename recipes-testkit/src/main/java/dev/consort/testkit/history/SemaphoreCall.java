/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a semaphore. An owner is whose permits go together: a client, a session, or each single grant. */
public sealed interface SemaphoreCall {
    /** Whose operation it is. */
    String owner();

    /** OK: it holds so many more permits. FAILED: so many were not free, as a try that does not wait is told. */
    record Acquired(String owner, int permits) implements SemaphoreCall {}

    /** OK: it holds so many less. FAILED: it did not hold so many. */
    record Released(String owner, int permits) implements SemaphoreCall {}

    /** OK: all it still held was taken away, at some time after what the invocation says. */
    record Lost(String owner) implements SemaphoreCall {}
}
