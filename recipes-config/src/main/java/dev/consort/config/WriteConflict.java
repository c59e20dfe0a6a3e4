/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import java.util.Optional;

/**
 * An expectation that did not hold. Immutable.
 *
 * @param name of the key, without the root; empty for the root as a whole, if a key of it was deleted and etcd does not keep what
 *     it was any more
 * @param expected what was expected of it, for people; a value is not repeated
 * @param revision that of the commit that wrote what is there; 0 if it is absent
 * @param value what is there, if something single was expected of the name; what is no UTF-8 comes with replacement characters
 */
public record WriteConflict(String name, String expected, long revision, Optional<String> value) {
    /** Without the value, which is not for logs. */
    @Override
    public String toString() {
        return (name.isEmpty() ? "a key that was deleted" : "'" + name + "'") + " should be " + expected + " and is "
                + (revision == 0 ? "absent" : "of revision " + revision);
    }
}
