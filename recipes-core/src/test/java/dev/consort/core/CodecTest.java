/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Codecs;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CodecTest {
    @Test
    void utf8_readsWhatItWrote() {
        for (String text : new String[] {"", "a", "Größe", "😀", "\0"}) {
            assertThat(Codec.utf8().encode(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
            assertThat(Codec.utf8().decode(Codec.utf8().encode(text))).isEqualTo(text);
        }
    }

    @Test
    void utf8_whatItCannotExpress_isRefusedAndNotReplaced() {
        assertThatThrownBy(() -> Codec.utf8().encode("half \ud83d"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("half \ud83d");
        assertThatThrownBy(() -> Codec.utf8().decode(new byte[] {(byte) 0xc3}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no UTF-8");
    }

    @Test
    void bytes_areCopied() {
        byte[] mine = {1, 2};
        byte[] written = Codec.bytes().encode(mine);
        byte[] read = Codec.bytes().decode(mine);
        mine[0] = 9;
        assertThat(written).containsExactly(1, 2);
        assertThat(read).containsExactly(1, 2);
    }

    @Test
    void codecThatThrows_failsNamingRecipeAndKey() {
        RuntimeException cause = new IllegalStateException("broken");
        Codec<String> broken = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                throw cause;
            }

            @Override
            public String decode(byte[] bytes) {
                throw cause;
            }
        };
        assertThatThrownBy(() -> Codecs.encode(broken, "secret", "Stm", "a/key"))
                .isInstanceOf(RecipeException.class)
                .hasCause(cause)
                .hasMessageContainingAll("Stm 'a/key'", "encode")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> Codecs.decode(broken, ByteString.copyFromUtf8("secret"), "Stm", "a/key"))
                .isInstanceOf(RecipeException.class)
                .hasCause(cause)
                .hasMessageContainingAll("Stm 'a/key'", "decode", "6 bytes")
                .hasMessageNotContaining("secret");
    }

    @Test
    @SuppressWarnings("NullAway") // what the test is about
    void codecThatGivesNull_failsNamingRecipeAndKey() {
        Codec<String> silent = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                return null;
            }

            @Override
            public String decode(byte[] bytes) {
                return null;
            }
        };
        assertThatThrownBy(() -> Codecs.encode(silent, "", "Stm", "a/key"))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("Stm 'a/key'", "null");
        assertThatThrownBy(() -> Codecs.decode(silent, ByteString.EMPTY, "Stm", "a/key"))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("Stm 'a/key'", "null");
    }
}
