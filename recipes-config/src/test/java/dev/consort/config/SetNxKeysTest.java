/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Entry;
import org.junit.jupiter.api.Test;

/** Whose a value is. */
class SetNxKeysTest {
    private static Entry entry(String value, long created, long modified) {
        return new Entry(
                ByteString.copyFromUtf8("key"),
                ByteString.copyFromUtf8(value),
                created,
                modified,
                1 + modified - created,
                0);
    }

    @Test
    void ownerOf_putInOneTransaction_isKnown() {
        assertThat(SetNxKeys.ownerOf(entry("v", 7, 7), entry("me", 7, 7))).contains("me");
        assertThat(SetNxKeys.ownerOf(entry("v", 7, 7), entry("me, over one that was left", 3, 7)))
                .contains("me, over one that was left");
    }

    @Test
    void ownerOf_anythingElse_isUnknown() {
        assertThat(SetNxKeys.ownerOf(entry("v", 7, 7), null)).isEmpty();
        assertThat(SetNxKeys.ownerOf(entry("v", 7, 7), entry("left", 3, 3))).isEmpty();
        assertThat(SetNxKeys.ownerOf(entry("written over", 7, 9), entry("me", 7, 7)))
                .isEmpty();
    }

    @Test
    void keys_areTheNameAndOneBelow() {
        SetNxKeys keys = new SetNxKeys("a/b");
        assertThat(keys.value().toStringUtf8()).isEqualTo("a/b");
        assertThat(keys.owner().toStringUtf8()).isEqualTo("a/b/owner");
    }
}
