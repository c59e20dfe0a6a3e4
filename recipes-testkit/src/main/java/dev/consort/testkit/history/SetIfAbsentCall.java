/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a key that only the first one sets. Values tell who set it, and are not empty. */
public sealed interface SetIfAbsentCall {
    /** OK: it was absent, or had this value already, as after a first try. FAILED: it had another value. */
    record Claimed(String value) implements SetIfAbsentCall {}

    /** OK: it had this value, and is absent now. FAILED: it did not have this value. */
    record Removed(String value) implements SetIfAbsentCall {}

    /** OK: if it still had this value, that expired, at some time after what the invocation says. */
    record Expired(String value) implements SetIfAbsentCall {}

    /** OK: somebody read this value, empty if it was absent. */
    record Seen(String value) implements SetIfAbsentCall {}
}
