/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** What is done to a value that is read and written. */
public sealed interface RegisterCall {
    /** OK: this was read. */
    record Read(String value) implements RegisterCall {}

    /** OK: this was written, over whatever there was. FAILED: it was not, for any reason. */
    record Written(String value) implements RegisterCall {}

    /** OK: it had the first value, and has the second now. FAILED: it did not have the first. */
    record Replaced(String expected, String value) implements RegisterCall {}
}
