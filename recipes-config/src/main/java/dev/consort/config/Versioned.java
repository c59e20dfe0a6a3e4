/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

/**
 * A value as it stood in etcd at some time. As immutable as the value.
 *
 * @param value what the codec read
 * @param revision of the store when it was written: what a compare-and-set compares, and greater for each later write
 * @param <T> of what type it is
 */
public record Versioned<T>(T value, long revision) {
    /** Without the value, which is not for logs. */
    @Override
    public String toString() {
        return "revision " + revision;
    }
}
