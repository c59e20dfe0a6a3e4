/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionKeysTest {
    /** Go's %x, which etcd's own clients use. */
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "7587869134519083021,694d86c68d29200d",
        "255,ff",
        "-1,-1",
        "-255,-ff",
        "9223372036854775807,7fffffffffffffff",
        "-9223372036854775808,-8000000000000000"
    })
    void hex_anyLease_isWrittenAndReadAsGoDoes(long lease, String text) {
        ByteString bytes = ByteString.copyFromUtf8(text);
        assertThat(SessionKeys.hex(lease)).isEqualTo(bytes);
        assertThat(SessionKeys.parseHex(bytes)).hasValue(lease);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xyz", "0f", "FF", "+1", "--1", "-", "-0", "1/2", "8000000000000000", "ff ", "٣"})
    void parseHex_whatNoClientWrites_isNoLease(String text) {
        assertThat(SessionKeys.parseHex(ByteString.copyFromUtf8(text))).isEmpty();
    }

    @Test
    void parseHex_bytesThatAreNoText_isNoLease() {
        assertThat(SessionKeys.parseHex(ByteString.copyFrom(new byte[] {(byte) 0xC3, 'f'})))
                .isEmpty();
    }

    @Test
    void keys_areBelowThePrefix() {
        SessionKeys keys = new SessionKeys(ByteString.copyFromUtf8("app/consort/session/"));
        assertThat(keys.mailbox(255).toStringUtf8()).isEqualTo("app/consort/session/ff/mail");
        assertThat(keys.fence(-255).toStringUtf8()).isEqualTo("app/consort/session/-ff/fence");
    }
}
