/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a mutex that its owner may lock again. An owner is what the mutex takes for one: a thread, a session. */
public sealed interface ReentrantMutexCall {
    /** Whose operation it is. */
    String owner();

    /** OK: it holds the mutex once more. FAILED: another held it, as a try that does not wait is told. */
    record Locked(String owner) implements ReentrantMutexCall {}

    /** OK: it holds it once less. FAILED: it did not hold it. */
    record Unlocked(String owner) implements ReentrantMutexCall {}

    /** OK: if it still held it, all its holds were taken away, at some time after what the invocation says. */
    record Lost(String owner) implements ReentrantMutexCall {}

    /** OK: it was told that it held it so many times, 0 if it did not. */
    record Counted(String owner, int holds) implements ReentrantMutexCall {}
}
