/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a lock for readers and writers. An owner is what the lock takes for one: a thread, a session, a claim. */
public sealed interface ReadWriteLockCall {
    /** Whose operation it is. */
    String owner();

    /** OK: it holds the read lock once more. FAILED: another held the write lock, as a try that does not wait is told. */
    record ReadLocked(String owner) implements ReadWriteLockCall {}

    /** OK: it holds the read lock once less. FAILED: it did not hold it. */
    record ReadUnlocked(String owner) implements ReadWriteLockCall {}

    /** OK: it holds the write lock once more. FAILED: another held either lock, or it held only the read lock itself. */
    record WriteLocked(String owner) implements ReadWriteLockCall {}

    /** OK: it holds the write lock once less. FAILED: it did not hold it. */
    record WriteUnlocked(String owner) implements ReadWriteLockCall {}

    /** OK: all it still held was taken away, at some time after what the invocation says. */
    record Lost(String owner) implements ReadWriteLockCall {}
}
