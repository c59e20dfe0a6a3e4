/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/** Ends the telling of a listener. Thread-safe. */
public interface Subscription extends AutoCloseable {
    /** After this no further call begins. Idempotent; does not wait. */
    @Override
    void close();
}
