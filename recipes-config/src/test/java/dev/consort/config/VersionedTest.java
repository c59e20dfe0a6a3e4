/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A value with its version. */
class VersionedTest {
    @Test
    void toString_keepsTheValueToItself() {
        assertThat(new Versioned<>("secret", 17)).hasToString("revision 17").isEqualTo(new Versioned<>("secret", 17));
    }
}
